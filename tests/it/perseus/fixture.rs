//! A box with two applications that are known, a resident with a meter, and what an application and a browser do.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;

use data_encoding::BASE64URL_NOPAD;
use gatelodge::pki::sha256;
use serde_json::Value;

use crate::support::TestBox;
use crate::support::https::{Answer, Https, config};

pub const SCHEME: &str = "https://registry.core.sandbox.trust.ib1.org/scheme/perseus";
pub const LICENCE: &str =
    "https://registry.core.sandbox.trust.ib1.org/scheme/perseus/license/energy-consumption-data/2024-12-05";
pub const SAVER: &str = "https://directory.example/a/saver";
pub const OTHER: &str = "https://directory.example/a/other";
pub const CALLBACK: &str = "https://app.example/callback";
pub const QUERIED: &str = "https://app.example/callback?dummy1=lorem&dummy2=ipsum";
pub const SOURCE: &str = "S018011012261305588165";
pub const METER: &str = "EML2137580826";
pub const PASSWORD: &str = "a long enough password";
/// RFC 7636 appendix B, and any other.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// The box.
pub struct Consented {
    pub running: TestBox,
    pub issuer: String,
    pub mtls_port: u16,
    pub https_port: u16,
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

impl Consented {
    pub fn start() -> Consented {
        Consented::start_with("", "")
    }

    /// With more keys of the section, and more sections.
    pub fn start_with(keys: &str, sections: &str) -> Consented {
        let (https_port, mtls_port) = (free_port(), free_port());
        let mut running = TestBox::unstarted("");
        std::fs::write(
            running.dir.join("licence.txt"),
            "[CAP] asks [EDP] for your half-hours: it [CAP process].\n\nSee [EDP privacy policy link].\n",
        )
        .unwrap();
        let text = running.dir.join("licence.txt");
        let client = |id: &str, name: &str| {
            format!(
                "[[perseus.client]]\nclient_id = \"{id}\"\nname = \"{name}\"\nprocess = \"works out what you emit\"\n\
                 privacy_url = \"https://app.example/privacy\"\nredirect_uris = [\"{CALLBACK}\", \"{QUERIED}\", \
                 \"http://localhost:3000/callback\"]\n"
            )
        };
        running.configure(&format!(
            "[https]\nlisten = [\"127.0.0.1:{https_port}\"]\n[mtls]\nlisten = [\"127.0.0.1:{mtls_port}\"]\n\
             [meters]\nattempts = 1\ntimeout = \"1s\"\n[[meter]]\nserial = \"{METER}\"\nlink = \"tcp://127.0.0.1:1\"\n\
             name = \"Flat 1\"\ndatasource = {{ id = \"{SOURCE}\", outcode = \"SW8\" }}\n\
             [[meter]]\nserial = \"EML2\"\nlink = \"tcp://127.0.0.1:2\"\ndatasource = {{ id = \"S90/r2+mSV2\", outcode = \
             \"SW9\", measures = [\"import\"] }}\n\
             [perseus]\nname = \"Lodge\"\nprivacy_url = \"https://lodge.example/privacy\"\n{keys}\n\
             [[perseus.licence]]\nurl = \"{LICENCE}\"\ntext_file = {text:?}\n{}{}{sections}",
            client(SAVER, "Acme <b>Saver</b>"),
            client(OTHER, "Other"),
        ));
        running.run();
        let consented = Consented {
            issuer: format!("https://localhost:{https_port}"),
            running,
            mtls_port,
            https_port,
        };
        consented.person("resident", &[METER]);
        let role = format!("{SCHEME}/role/carbon-accounting-provider");
        consented.certificate("saver", SAVER, &[&role]);
        consented.certificate("other", OTHER, &[&role]);
        consented
    }

    /// A resident with these meters.
    pub fn person(&self, name: &str, meters: &[&str]) {
        let file = self.running.dir.join("password");
        std::fs::write(&file, PASSWORD).unwrap();
        let mut arguments = vec![
            "user",
            "add",
            name,
            "--role",
            "resident",
            "--password-file",
            file.to_str().unwrap(),
        ];
        for meter in meters {
            arguments.extend(["--meter", meter]);
        }
        self.running.json(&arguments);
    }

    /// Issues a certificate of an application.
    pub fn certificate(&self, name: &str, application: &str, roles: &[&str]) {
        let out = self.running.dir.join("clients");
        let mut arguments = vec![
            "pki",
            "client",
            "--name",
            name,
            "--application",
            application,
            "--member",
            "https://directory.example/member/1",
            "--out",
            out.to_str().unwrap(),
            "--overwrite",
        ];
        for role in roles {
            arguments.extend(["--role", role]);
        }
        self.running.json(&arguments);
    }

    /// The files of a certificate: chain and key.
    pub fn files(&self, name: &str) -> (PathBuf, PathBuf) {
        let out = self.running.dir.join("clients");
        (
            out.join(format!("{name}.chain.pem")),
            out.join(format!("{name}.key.pem")),
        )
    }

    /// A connection to the mtls door with a certificate, or without.
    pub fn machine(&self, name: Option<&str>) -> std::io::Result<Https> {
        let address = ([127, 0, 0, 1], self.mtls_port).into();
        let files = name.map(|name| self.files(name));
        let identity = files.as_ref().map(|(chain, key)| (chain.as_path(), key.as_path()));
        Https::connect(address, config(&self.running.ca_file(), identity))
    }

    /// Posts a form as an application.
    pub fn post(&self, name: Option<&str>, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = encoded(form);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.machine(name)
            .unwrap()
            .try_ask("POST", path, &headers, body.as_bytes())
            .unwrap()
    }

    /// What an application usually pushes, with changes: an empty value leaves the parameter out.
    pub fn push(&self, name: Option<&str>, changes: &[(&str, &str)]) -> Answer {
        let challenge = BASE64URL_NOPAD.encode(&sha256(VERIFIER.as_bytes()));
        let scope = format!("{LICENCE} offline_access");
        let usual = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", scope.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        self.post(name, "/api/v1/par", &changed(&usual, changes))
    }

    /// Pushes, and gives where a person's browser is sent.
    pub fn pushed(&self, name: &str, changes: &[(&str, &str)]) -> String {
        let answer = self.push(Some(name), changes);
        assert_eq!(answer.status, 201, "{}", answer.text());
        let request = answer.json()["request_uri"].as_str().unwrap().to_owned();
        let client = if name == "saver" { SAVER } else { OTHER };
        format!(
            "/api/v1/authorize?{}",
            encoded(&[("client_id", client), ("request_uri", &request)])
        )
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            consented: self,
            cookies: BTreeMap::new(),
        }
    }

    /// From the push to the browser's way back.
    pub fn allowed(&self, name: &str, person: &str, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
        let mut browser = self.browser();
        let consent = browser.sign_in_at(&self.pushed(name, changes), person);
        query(&browser.decide(&consent, &[("datasource", SOURCE), ("decision", "allow")]))
    }

    /// Redeems a code.
    pub fn redeem(&self, name: &str, code: &str, changes: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.post(Some(name), "/api/v1/authorize/token", &changed(&usual, changes))
    }

    /// The whole way: the token endpoint's answer.
    pub fn tokens(&self, name: &str, person: &str) -> Value {
        let back = self.allowed(name, person, &[]);
        let answer = self.redeem(name, &back["code"], &[]);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Refreshes.
    pub fn refresh(&self, name: &str, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post(Some(name), "/api/v1/authorize/token", &form)
    }

    /// Asks the data API.
    pub fn data(&self, name: &str, path: &str, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.machine(Some(name))
            .unwrap()
            .ask("GET", path, &[("authorization", &bearer)])
    }
}

/// A form with changes: an empty value leaves the parameter out.
fn changed<'a>(usual: &[(&'a str, &'a str)], changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = usual
        .iter()
        .filter(|(known, _)| !changes.iter().any(|(name, _)| name == known));
    let all = kept.chain(changes).copied();
    all.filter(|(_, value)| !value.is_empty()).collect()
}

/// A form.
pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// The query of an address.
pub fn query(address: &str) -> BTreeMap<String, String> {
    let (_, query) = address.split_once('?').unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// What a text of an access token says.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// A browser that keeps cookies and follows nothing by itself.
pub struct Browser<'c> {
    consented: &'c Consented,
    pub cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    pub fn ask(&mut self, method: &str, path: &str, form: &[(&str, &str)], more: &[(&str, &str)]) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let (cookies, body) = (cookies.join("; "), encoded(form));
        let mut headers = vec![("cookie", cookies.as_str())];
        if method == "POST" {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        headers.extend(more);
        let address = ([127, 0, 0, 1], self.consented.https_port).into();
        let config = config(&self.consented.running.ca_file(), None);
        let mut https = Https::connect(address, config).unwrap();
        let answer = https.try_ask(method, path, &headers, body.as_bytes()).unwrap();
        for (_, cookie) in answer
            .headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            match value.is_empty() {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], &[])
    }

    pub fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.ask("POST", path, form, &[])
    }

    /// Comes from an application and signs in; where the consent page is.
    pub fn sign_in_at(&mut self, authorize: &str, person: &str) -> String {
        let login = location(&self.get(authorize));
        assert!(login.starts_with("/login?i="), "{login}");
        self.sign_in(&login, person)
    }

    /// Signs in on a page; where it leads.
    pub fn sign_in(&mut self, login: &str, person: &str) -> String {
        let page = self.get(login).text();
        let csrf = csrf(&page);
        let form = [
            ("csrf_token", csrf.as_str()),
            ("username", person),
            ("password", PASSWORD),
        ];
        location(&self.post(login, &form))
    }

    /// Decides on the consent page; where it leads.
    pub fn decide(&mut self, consent: &str, fields: &[(&str, &str)]) -> String {
        location(&self.answer_consent(consent, fields))
    }

    pub fn answer_consent(&mut self, consent: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(consent);
        assert_eq!(page.status, 200, "{}", page.text());
        let csrf = csrf(&page.text());
        let form = [&[("csrf_token", csrf.as_str())], fields].concat();
        self.post(consent, &form)
    }
}

/// Where an answer leads.
pub fn location(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

/// The value in a page's form that is not the one for signing out.
pub fn csrf(page: &str) -> String {
    let at = page
        .rfind("name=\"csrf_token\" value=\"")
        .unwrap_or_else(|| panic!("{page}"));
    page[at..].split('"').nth(3).unwrap().to_owned()
}
