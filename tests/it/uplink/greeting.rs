//! How a session with a tenant begins, word for word (UPLINK §1.2, §2.1, §2.3).

use gatelodge::domain::{Occupancy, Quantity, SpaceId, SpaceOrigin};
use gatelodge::store::spaces::{NewSpace, SpacesWriter};
use jiff::Timestamp;
use serde_json::json;

use super::fixture::{Fixture, SERIAL};
use super::puppet::{Opening, Puppet, Said};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The lines on a topic, in order.
fn on(puppet: &Puppet, wanted: &str) -> Vec<String> {
    let said = puppet.said().into_iter();
    let texts = said.filter_map(|(_, said)| match said {
        Said::Publish { topic, text, .. } if topic == wanted => Some(text),
        _ => None,
    });
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_is_told_who_the_box_is_what_it_has_and_what_may_be_asked_of_it() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let section = puppet.section(folder.path()) + "position = [51.47, -0.11, 12.0]\n";
    let mut fixture = Fixture::start(folder.path(), &section);
    puppet.hears("500");
    fixture
        .says(SERIAL, &[(Quantity::FirmwareVersion, json!("ab, cd"))], Vec::new())
        .await;
    let id = SpaceId::from_random([7; 16]);
    let occupancy = Occupancy {
        current: 0,
        maximum: 40,
    };
    let new = NewSpace::plain(id, Some("Hall".into()), occupancy, SpaceOrigin::Operator);
    SpacesWriter::new(fixture.store.clone())
        .create(new, Timestamp::now())
        .await
        .unwrap();
    fixture.drained().await;
    fixture.stop().await;
    drop(fixture);

    let puppet = Puppet::start();
    let section = puppet.section(folder.path()) + "position = [51.47, -0.11, 12.0]\n";
    let fixture = Fixture::start(folder.path(), &section);
    puppet.hears("500");
    fixture.drained().await;
    let lines = on(&puppet, "s/us");
    let wanted = [
        "100,The Gables,emop_Gateway".to_owned(),
        "101,lodge-1-meter-eml2,Flat of EML2,emop_ElectricityMeter".into(),
        "101,lodge-1-meter-eml2137580826,Flat of EML2137580826,emop_ElectricityMeter".into(),
        "101,lodge-1-meter-eml3,Flat of EML3,emop_ElectricityMeter".into(),
        format!("101,lodge-1-space-{id},Hall,occ_Space"),
        format!("110,lodge-1,gatelodge,{VERSION}"),
        "112,51.47,-0.11,12".into(),
        "114,c8y_Command,c8y_Restart,c8y_Configuration,c8y_UploadConfigFile,c8y_DownloadConfigFile,\
         c8y_LogfileRequest,c8y_MeasurementRequestOperation"
            .into(),
        format!("115,gatelodge,{VERSION}"),
        format!("116,gatelodge,{VERSION}"),
        "117,10".into(),
        "118,uplink,meters,audit,panic".into(),
        "119,uplink,meters,spaces,rules".into(),
        format!("122,gatelodge,{VERSION},,gatelodge"),
        "102,lodge-1-svc-uplink,appliance,uplink,up".into(),
        "102,lodge-1-svc-meter-poller,appliance,meter-poller,up".into(),
        "102,lodge-1-svc-occupancy,appliance,occupancy,up".into(),
        "102,lodge-1-svc-api,appliance,api,up".into(),
    ];
    assert_eq!(lines[..wanted.len()], wanted);
    // Its text has a line break, so that it is quoted.
    assert!(lines[wanted.len()].starts_with("113,\"#"), "{lines:?}");
    assert_eq!(
        on(&puppet, &format!("s/us/lodge-1-meter-{}", SERIAL.to_lowercase()))[..4],
        [
            "110,EML2137580826",
            "114,c8y_MeasurementRequestOperation",
            "117,180",
            "115,meter firmware,\"ab, cd\""
        ]
    );
    let end: Vec<&str> = lines.iter().rev().take(2).rev().map(String::as_str).collect();
    assert_eq!(end, ["507,,agent restarted", "500"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opening_is_as_the_platform_wants_it_and_it_listens_before_it_asks() {
    let (puppet, folder) = (Puppet::start(), tempfile::tempdir().unwrap());
    let fixture = Fixture::start(folder.path(), &puppet.section(folder.path()));
    puppet.hears("500");
    fixture.many(SERIAL, 3).await;
    let asked = json!({
        "id": "1", "externalSource": {"externalId": "lodge-1"}, "c8y_UploadConfigFile": {"type": "uplink"},
    });
    puppet.tell("devicecontrol/notifications", asked.to_string().as_bytes());
    puppet.hears("504,1");
    fixture.drained().await;
    let said = puppet.said();
    // User name and password, a will of quality 1 that is not kept, a session that begins anew.
    let wanted = Opening {
        level: 4,
        flags: 0b1100_1110,
        keep_alive_s: 60,
        texts: [
            "d:lodge-1",
            "s/us",
            "400,c8y_ConnectionEvent,Uplink lost",
            "t1/lodge",
            "secret",
        ]
        .map(str::to_owned)
        .to_vec(),
    };
    assert_eq!(said[0].1, Said::Connect(wanted));
    let place = |wanted: &dyn Fn(&Said) -> bool| said.iter().position(|(_, said)| wanted(said)).unwrap();
    let line = |begin: &'static str| {
        place(&move |said: &Said| matches!(said, Said::Publish { text, .. } if text.starts_with(begin)))
    };
    let listens = place(&|said: &Said| matches!(said, Said::Subscribe(_)));
    assert!(
        line("100,") < listens && listens < line("507,") && line("507,") < line("500"),
        "{said:?}"
    );
    let topics = [
        ("s/dat", 0),
        ("devicecontrol/notifications", 1),
        ("s/e", 0),
        ("error", 0),
    ];
    assert_eq!(
        said[listens].1,
        Said::Subscribe(topics.map(|(topic, surely)| (topic.to_owned(), surely)).to_vec())
    );
    for (_, said) in &said {
        if let Said::Publish {
            topic,
            surely,
            retained,
            ..
        } = said
        {
            assert!(!retained && *surely, "{topic}");
        }
    }
}
