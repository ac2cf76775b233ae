//! What people allow applications, and what ends it: done to the box, and written down in the test's own record.

use gatelodge::pki::sha256;

use super::super::fixture::{CALLBACK, LICENCE, VERIFIER, claims, encoded, query};
use super::house::{APPLICATIONS, House, PEOPLE};
use super::kinds::KINDS;
use super::record::{Grant, Leave, Token};
use super::seen::Seen;
use crate::book::chance::Chance;

impl House {
    /// The certificate that an application shows now.
    pub fn certificate(&self, application: usize) -> String {
        let mut own = self
            .record
            .certificates
            .iter()
            .rev()
            .filter(|(_, whose)| *whose == application);
        own.next().unwrap().0.clone()
    }

    /// Somebody allows something: the leave and the code, which is not redeemed yet.
    pub fn consent(
        &mut self,
        (person, application): (usize, usize),
        chance: &mut Chance,
        seen: &mut Seen,
    ) -> Option<(usize, String)> {
        let scope = format!("{LICENCE} offline_access");
        let challenge = data_encoding::BASE64URL_NOPAD.encode(&sha256(VERIFIER.as_bytes()));
        let pushed = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", scope.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let certificate = self.certificate(application);
        let answer = self.consented.post(Some(&certificate), "/api/v1/par", &pushed);
        if self.record.disabled == Some(application) {
            assert_eq!(answer.status, 401, "{}", answer.text());
            return None;
        }
        assert_eq!(answer.status, 201, "{}", answer.text());
        let request = answer.json()["request_uri"].as_str().unwrap().to_owned();
        let way = encoded(&[("client_id", APPLICATIONS[application]), ("request_uri", &request)]);
        let theirs = self.record.theirs(person);
        let chosen: Vec<usize> = theirs.iter().copied().filter(|_| chance.below(4) > 0).collect();
        if chosen.is_empty() {
            return None;
        }
        let mut browser = self.consented.browser();
        let consent = browser.sign_in_at(&format!("/api/v1/authorize?{way}"), PEOPLE[person]);
        let mut fields = vec![("decision", "allow"), ("expires", *chance.of(&["1m", "3m", "1y"]))];
        fields.extend(chosen.iter().map(|meter| ("datasource", KINDS[*meter].source)));
        let back = query(&browser.decide(&consent, &fields));
        let parts = chosen
            .iter()
            .map(|meter| self.record.part(&self.said, person, *meter))
            .collect();
        let record = &mut self.record;
        let leave = record.standing(person, application);
        match leave {
            Some(leave) => {
                seen.saw("allowed again, for other meters");
                record.leaves[leave].parts = parts;
            }
            None => record.leaves.push(Leave {
                person,
                life: record.people[person].life,
                application,
                parts,
                taken_back: false,
            }),
        }
        Some((leave.unwrap_or(self.record.leaves.len() - 1), back["code"].clone()))
    }

    /// Somebody allows something, and the application fetches its tokens; the grant's place.
    pub fn allow(&mut self, between: (usize, usize), chance: &mut Chance, seen: &mut Seen) -> Option<usize> {
        let (leave, code) = self.consent(between, chance, seen)?;
        let certificate = self.certificate(self.record.leaves[leave].application);
        let answer = self.consented.redeem(&certificate, &code, &[]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let tokens = answer.json();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        for older in self
            .record
            .grants
            .iter_mut()
            .filter(|grant| grant.leave == leave && !grant.ended)
        {
            (older.ended, older.renewed) = (true, true);
        }
        self.record.grants.push(Grant {
            leave,
            refresh: text("refresh_token"),
            code,
            ended: false,
            renewed: false,
        });
        let grant = self.record.grants.len() - 1;
        self.keep(text("access_token"), grant, certificate);
        Some(grant)
    }

    fn keep(&mut self, text: String, grant: usize, certificate: String) {
        let epoch = self.record.epoch;
        self.record.tokens.push(Token {
            text,
            grant,
            certificate,
            epoch,
        });
    }

    pub fn come_twice(&mut self, chance: &mut Chance, seen: &mut Seen) {
        let Some(place) = self.allow((chance.place(2), chance.place(2)), chance, seen) else {
            return;
        };
        let grant = self.record.grants[place].clone();
        let certificate = self.certificate(self.record.leaves[grant.leave].application);
        assert_eq!(self.consented.redeem(&certificate, &grant.code, &[]).status, 400);
        self.record.grants[place].ended = true;
    }

    pub fn refresh(&mut self, chance: &mut Chance, seen: &mut Seen) {
        let grants = &self.record.grants;
        let standing: Vec<usize> = (0..grants.len())
            .filter(|place| self.record.stands(&grants[*place]).is_ok())
            .collect();
        let place = match (standing.is_empty(), chance.below(4)) {
            (false, 1..) => *chance.of(&standing),
            _ if grants.is_empty() => return,
            _ => chance.place(grants.len()),
        };
        let grant = grants[place].clone();
        let application = self.record.leaves[grant.leave].application;
        let certificate = self.certificate(application);
        let answer = self.consented.refresh(&certificate, &grant.refresh);
        let stands = self.record.stands(&grant);
        match (self.record.disabled == Some(application), stands) {
            (true, _) => assert_eq!(answer.status, 401, "{}", answer.text()),
            (false, Err(why)) => assert_eq!(answer.status, 400, "{why}: {}", answer.text()),
            (false, Ok(())) => {
                assert_eq!(answer.status, 200, "{}", answer.text());
                seen.saw("refreshed");
                let text = answer.json()["access_token"].as_str().unwrap().to_owned();
                self.keep(text, place, certificate);
            }
        }
    }

    /// A grant that stands, of an application that is let in, as it is left to chance; where there is none, a new one.
    pub fn standing(&mut self, chance: &mut Chance, seen: &mut Seen) -> Grant {
        let record = &self.record;
        let is_in = |grant: &&Grant| record.disabled != Some(record.leaves[grant.leave].application);
        let grants = record.grants.iter().filter(is_in);
        let standing: Vec<&Grant> = grants.filter(|grant| record.stands(grant).is_ok()).collect();
        if !standing.is_empty() {
            return (*chance.of(&standing)).clone();
        }
        // Chance may have it that no meter is ticked.
        self.allow_all(chance, seen);
        self.standing(chance, seen)
    }

    pub fn give_back(&mut self, chance: &mut Chance, seen: &mut Seen) {
        let grant = self.standing(chance, seen);
        let certificate = self.certificate(self.record.leaves[grant.leave].application);
        let form = [("token", grant.refresh.as_str())];
        let answer = self
            .consented
            .post(Some(&certificate), "/api/v1/authorize/revoke", &form);
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.record.leaves[grant.leave].taken_back = true;
    }

    pub fn stop(&mut self, chance: &mut Chance, seen: &mut Seen) {
        let grant = self.standing(chance, seen);
        let place = self
            .record
            .grants
            .iter()
            .position(|one| one.code == grant.code)
            .unwrap();
        let token = self.record.tokens.iter().find(|token| token.grant == place).unwrap();
        let id = claims(&token.text)["pid"].as_str().unwrap().to_owned();
        self.consented.running.json(&["consent", "revoke", &id]);
        self.record.leaves[grant.leave].taken_back = true;
    }
}
