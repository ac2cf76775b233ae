//! The test's own record of what happened, and what of the meters it allows: nothing here asks the box.

use std::collections::BTreeSet;

use super::kinds::KINDS;
use super::meters::{HALF_HOUR, Said};

/// A meter that is somebody's.
#[derive(Clone, Debug)]
pub struct Link {
    pub meter: usize,
    pub since: i64,
    pub until: Option<i64>,
}

impl Link {
    fn is_open(&self) -> bool {
        self.until.is_none()
    }
}

#[derive(Clone, Debug, Default)]
pub struct Person {
    pub links: Vec<Link>,
    /// Which of that name: whoever is added again is somebody else.
    pub life: usize,
}

/// What of one meter somebody allowed.
#[derive(Clone, Debug)]
pub struct Part {
    pub meter: usize,
    pub from: i64,
    pub measures: Vec<&'static str>,
}

/// What one person allowed one application.
#[derive(Clone, Debug)]
pub struct Leave {
    pub person: usize,
    pub life: usize,
    pub application: usize,
    pub parts: Vec<Part>,
    pub taken_back: bool,
}

/// What came of a code.
#[derive(Clone, Debug)]
pub struct Grant {
    pub leave: usize,
    pub refresh: String,
    pub code: String,
    pub ended: bool,
    /// Whether another took its place, by which it ended.
    pub renewed: bool,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Token {
    pub text: String,
    pub grant: usize,
    /// The certificate that fetched it.
    pub certificate: String,
    /// How often the box was restored before.
    pub epoch: usize,
}

/// What a request is to be answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is no connection.
    NoDoor,
    /// 401, and why.
    Refused(&'static str),
    NoSource(&'static str),
    NoMeasure,
    /// 202.
    Never,
    /// The stretches that may go out, in order.
    Out(Vec<(i64, i64)>),
}

/// All that happened.
#[derive(Default)]
pub struct Record {
    pub people: [Person; 2],
    pub leaves: Vec<Leave>,
    pub grants: Vec<Grant>,
    pub tokens: Vec<Token>,
    /// Certificates and whose they are.
    pub certificates: Vec<(String, usize)>,
    pub revoked: BTreeSet<String>,
    pub epoch: usize,
    /// The application that is kept out.
    pub disabled: Option<usize>,
    /// Whether the first meter's export is not shared.
    pub narrowed: bool,
}

impl Record {
    /// Exactly these meters are a person's, each from a moment on where one is named.
    pub fn named(&mut self, person: usize, wanted: &[(usize, Option<i64>)], now: i64) {
        let links = &mut self.people[person].links;
        for link in links.iter_mut().filter(|link| link.is_open()) {
            match wanted.iter().find(|(meter, _)| *meter == link.meter) {
                Some((_, since)) => link.since = since.unwrap_or(link.since),
                None => link.until = Some(now),
            }
        }
        for (meter, since) in wanted {
            if !links.iter().any(|link| link.meter == *meter && link.is_open()) {
                links.push(Link {
                    meter: *meter,
                    since: since.unwrap_or(now),
                    until: None,
                });
            }
        }
        // Of two times that begin together there is the longer one: a meter that is theirs again since a day on which it
        // was theirs before was theirs without an end between.
        links.sort_by_key(|link| {
            (
                link.meter,
                link.since,
                std::cmp::Reverse(link.until.unwrap_or(i64::MAX)),
            )
        });
        links.dedup_by_key(|link| (link.meter, link.since));
    }

    /// A person left at that moment; `false`: something of theirs began later, and nothing changed.
    pub fn moved_out(&mut self, person: usize, at: i64) -> bool {
        let links = &mut self.people[person].links;
        if links.iter().any(|link| link.is_open() && at < link.since) {
            return false;
        }
        // Nothing of a meter that they leave is theirs from that moment on, whatever was said of it before.
        let left: Vec<usize> = links
            .iter()
            .filter(|link| link.is_open())
            .map(|link| link.meter)
            .collect();
        for link in links.iter_mut().filter(|link| left.contains(&link.meter)) {
            let until = link.until.map_or(at, |until| until.min(at));
            link.until = Some(until.max(link.since));
        }
        true
    }

    /// The measures of a meter that are shared.
    pub fn measures(&self, meter: usize) -> Vec<&'static str> {
        let exported = KINDS[meter].export.is_some() && !(meter == 0 && self.narrowed);
        if exported {
            vec!["import", "export"]
        } else {
            vec!["import"]
        }
    }

    /// The meters that are a person's now.
    pub fn theirs(&self, person: usize) -> Vec<usize> {
        let links = &self.people[person].links;
        (0..KINDS.len())
            .filter(|meter| links.iter().any(|link| link.meter == *meter && link.is_open()))
            .collect()
    }

    /// What a person allows of a meter now.
    pub fn part(&self, said: &Said, person: usize, meter: usize) -> Part {
        let open = self.people[person]
            .links
            .iter()
            .filter(|link| link.meter == meter && link.is_open());
        let since = open.map(|link| link.since).min().unwrap();
        Part {
            meter,
            from: since.max(said.first(&KINDS[meter])),
            measures: self.measures(meter),
        }
    }

    /// The leave that stands between the two.
    pub fn standing(&self, person: usize, application: usize) -> Option<usize> {
        let life = self.people[person].life;
        let is = |leave: &Leave| {
            (leave.person, leave.life, leave.application) == (person, life, application) && !leave.taken_back
        };
        self.leaves.iter().position(is)
    }

    /// Whether what a grant rests on stands.
    pub fn stands(&self, grant: &Grant) -> Result<(), &'static str> {
        let leave = &self.leaves[grant.leave];
        match grant {
            _ if leave.taken_back => Err("it was taken back"),
            _ if leave.life != self.people[leave.person].life => Err("its person was removed"),
            grant if grant.renewed => Err("a newer grant took its place"),
            grant if grant.ended => Err("its code came twice"),
            _ => Ok(()),
        }
    }

    /// Whether somebody with that certificate is let in with that token.
    fn let_in(&self, token: &Token, certificate: &str) -> Result<&Leave, Verdict> {
        let whose = self
            .certificates
            .iter()
            .find(|(name, _)| name == certificate)
            .unwrap()
            .1;
        let grant = &self.grants[token.grant];
        let leave = &self.leaves[grant.leave];
        if self.revoked.contains(certificate) {
            return Err(Verdict::NoDoor);
        }
        let refused = |why| Err(Verdict::Refused(why));
        match () {
            () if self.disabled == Some(whose) => refused("its application is kept out"),
            () if whose != leave.application => refused("it is another application's"),
            () if token.certificate != certificate => refused("another certificate fetched it"),
            () if token.epoch != self.epoch => refused("it is of before a restore"),
            () => self.stands(grant).map(|()| leave).map_err(Verdict::Refused),
        }
    }

    /// What was allowed that a token is for, and whose meters are which.
    pub fn parts(&self, token: &Token) -> (&Leave, &Person) {
        let leave = &self.leaves[self.grants[token.grant].leave];
        (leave, &self.people[leave.person])
    }

    /// The parts that a token shows, by the source's id; else why not.
    pub fn listed(&self, token: &Token, certificate: &str) -> Result<Vec<Part>, Verdict> {
        let leave = self.let_in(token, certificate)?;
        let theirs = self.theirs(leave.person);
        let mut parts: Vec<Part> = leave
            .parts
            .iter()
            .filter(|part| theirs.contains(&part.meter))
            .cloned()
            .collect();
        for part in &mut parts {
            let shared = self.measures(part.meter);
            part.measures.retain(|measure| shared.contains(measure));
        }
        parts.sort_by_key(|part| KINDS[part.meter].source);
        Ok(parts)
    }

    /// What a request is to be answered with.
    pub fn verdict(
        &self,
        said: &Said,
        (token, certificate): (&Token, &str),
        (meter, measure): (usize, &str),
        (from, to): (i64, i64),
    ) -> Verdict {
        let parts = match self.listed(token, certificate) {
            Ok(parts) => parts,
            Err(refused) => return refused,
        };
        let leave = &self.leaves[self.grants[token.grant].leave];
        let Some(part) = parts.into_iter().find(|part| part.meter == meter) else {
            let allowed = leave.parts.iter().any(|part| part.meter == meter);
            return Verdict::NoSource(if allowed {
                "the meter is not theirs any more"
            } else {
                "it was not allowed"
            });
        };
        if !part.measures.contains(&measure) {
            return Verdict::NoMeasure;
        }
        if said.registers(&KINDS[meter], measure).is_empty() {
            return Verdict::Never;
        }
        let spans = self.lived(leave.person, meter).into_iter();
        let cut = spans.map(|(since, until)| (since.max(from).max(part.from), until.min(to)));
        Verdict::Out(cut.filter(|(from, to)| from < to).collect())
    }

    /// When a meter was a person's, in order, and in one where one time ends as the next begins.
    pub fn lived(&self, person: usize, meter: usize) -> Vec<(i64, i64)> {
        let links = self.people[person].links.iter().filter(|link| link.meter == meter);
        let mut times: Vec<(i64, i64)> = links.map(|link| (link.since, link.until.unwrap_or(i64::MAX))).collect();
        times.sort_unstable();
        let mut lived: Vec<(i64, i64)> = Vec::new();
        for (since, until) in times.into_iter().filter(|(since, until)| since < until) {
            match lived.last_mut() {
                Some(last) if since <= last.1 => last.1 = last.1.max(until),
                _ => lived.push((since, until)),
            }
        }
        lived
    }
}

/// The half-hours that lie wholly in a stretch.
pub fn half_hours((from, to): (i64, i64)) -> impl Iterator<Item = i64> {
    let first = from + (-from).rem_euclid(HALF_HOUR);
    (0..)
        .map(move |number| first + number * HALF_HOUR)
        .take_while(move |begin| begin + HALF_HOUR <= to)
}
