//! API tokens: what programs carry in `Authorization: Bearer`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::permission::{Act, Scope};
use super::secret::{Secret, random_id};
use super::who::{Proof, Who};
use super::{AUDIT, Accounts, AccountsError};
use crate::store::{Ledger, ReadError, schema};

/// By the hash of the token, so that a check is one read.
const TOKENS: Ledger<Token> = Ledger::new(schema::TOKENS);

/// What begins every token, for people and for scanners of leaked secrets.
pub const PREFIX: &str = "gatelodge_";

/// A token as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its id: what logs and `token revoke` call it.
    pub id: String,
    /// What it was made for.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Timestamp,
}

impl Token {
    /// Whether it is good for something.
    #[must_use]
    pub fn covers(&self, act: Act) -> bool {
        self.scopes.iter().any(|scope| scope.covers(act))
    }
}

impl Accounts {
    /// Makes a token. The secret is not kept and cannot be shown again.
    pub async fn create_token(
        &self,
        name: &str,
        scopes: Vec<Scope>,
        now: Timestamp,
    ) -> Result<(Token, Secret), AccountsError> {
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(AccountsError::TokenName);
        }
        if scopes.is_empty() {
            return Err(AccountsError::NoScope);
        }
        let secret = Secret::random(PREFIX);
        let hash = secret.hash();
        let token = Token {
            id: random_id(),
            name: name.to_owned(),
            scopes,
            created: now,
        };
        let row = token.clone();
        self.write(move |page| Ok(TOKENS.put_on(page, &hash, &row)?)).await?;
        tracing::info!(
            target: AUDIT, token = token.id, called = token.name, scopes = ?token.scopes, "a token was made"
        );
        Ok((token, secret))
    }

    /// Every token that is in force, by age.
    pub fn tokens(&self) -> Result<Vec<Token>, ReadError> {
        let rows = TOKENS.scan(&self.store, &[], None, usize::MAX)?;
        let mut tokens: Vec<Token> = rows.into_iter().map(|(_, token)| token).collect();
        tokens.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        Ok(tokens)
    }

    /// Ends a token: from the next request on it is unknown.
    pub async fn revoke_token(&self, id: &str) -> Result<(), AccountsError> {
        let id = id.to_owned();
        let token = self
            .write(move |page| {
                let rows = TOKENS.scan_on(page, &[], None, usize::MAX)?;
                let found = rows.into_iter().find(|(_, token)| token.id == id);
                let (key, token) = found.ok_or(AccountsError::UnknownToken(id))?;
                TOKENS.delete_on(page, &key);
                Ok(token)
            })
            .await?;
        self.ring();
        tracing::info!(target: AUDIT, token = token.id, called = token.name, "a token was revoked");
        Ok(())
    }

    /// Who carries this token.
    pub fn token(&self, secret: &Secret) -> Result<Option<Who>, ReadError> {
        if !secret.reveal().starts_with(PREFIX) {
            return Ok(None);
        }
        self.token_of(Proof::of(secret))
    }

    /// Who was known by a token.
    pub(super) fn token_of(&self, proof: Proof) -> Result<Option<Who>, ReadError> {
        let found = TOKENS.get(&self.store, &proof.0)?;
        Ok(found.map(|token| Who::Token {
            id: token.id,
            scopes: token.scopes,
            proof,
        }))
    }
}
