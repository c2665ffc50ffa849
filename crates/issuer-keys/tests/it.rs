//! The key service as the centre sees it: what it answers, and what it refuses.

#[cfg(test)]
mod service {
    use chrono::{NaiveDate, NaiveDateTime};
    use desk_card::{
        card::BlockState,
        code::Code,
        id::CardNo,
        issuer::{CardKeySource, CounterLine, IssuerAnswer, IssuerRequest, LineKey, Proof},
        money::Fen,
        profile::LinePurpose,
    };
    use issuer_keys::{DoubleKey, KeyService, MasterKeys, ReleaseKind, ReleaseRecord, mac};
    use sha2::{Digest, Sha256};

    const SEED: &[u8] = b"seed of the key tests";

    fn service() -> KeyService {
        KeyService::new(MasterKeys::from_seed(SEED)).unwrap()
    }

    fn source(family: &str) -> CardKeySource {
        CardKeySource {
            family: family.to_owned(),
            card_no: CardNo::new("3104999000000000101"),
            issuer: "99993040FFFFFFFF".to_owned(),
            serial: "4999000000000101".to_owned(),
        }
    }

    fn at() -> NaiveDateTime {
        NaiveDate::from_ymd_opt(2026, 11, 24).unwrap().and_hms_opt(10, 0, 0).unwrap()
    }

    /// The card's own key, by the documented rule and nothing of the service.
    fn card_key(family: &str, purpose: &str) -> DoubleKey {
        let text = [b"carddesk master key\0".as_slice(), family.as_bytes(), b"\0", purpose.as_bytes(), b"\0", SEED].concat();
        let digest = Sha256::digest(&text);
        let master = DoubleKey::new(digest[..16].try_into().unwrap());
        master.of_card([0x99, 0x99, 0x30, 0x40, 0xFF, 0xFF, 0xFF, 0xFF], [0x49, 0x99, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01])
    }

    fn unload(mac1: &str) -> IssuerRequest {
        IssuerRequest::Unload {
            card: source("tunion-unload"),
            algorithm: 0,
            key_version: 1,
            random: "C620857F".to_owned(),
            online_counter: 8,
            old_balance: Fen(3650),
            amount: Fen(3650),
            terminal: "990000000042".to_owned(),
            mac1: mac1.to_owned(),
            at: at(),
        }
    }

    /// MAC1 and MAC3 as the card makes them.
    fn card_macs() -> (String, String) {
        let session = mac::online_session(&card_key("tunion-unload", "unload"), [0xC6, 0x20, 0x85, 0x7F], 8);
        let amount = 3650_u32.to_be_bytes();
        let terminal = [0x99, 0, 0, 0, 0, 0x42];
        let time = hex::decode("20261124100000").unwrap();
        let mac1 = mac::mac(&session, &[&amount[..], &amount, &[3], &terminal].concat());
        let mac3 = mac::mac(&session, &[&[0; 4][..], &[0, 8], &amount, &[3], &terminal, &time].concat());
        (hex::encode_upper(mac1), hex::encode_upper(mac3))
    }

    fn refusal(ask: &IssuerRequest) -> Code {
        service().answer(ask, &[]).unwrap_err().code
    }

    #[test]
    fn an_unload_needs_the_cards_own_mac() {
        let (mac1, _) = card_macs();
        let answer = service().answer(&unload(&mac1), &[]).unwrap();
        assert!(matches!(answer, IssuerAnswer::Mac { at: time, .. } if time == at()), "the desk's time goes to the card");
        assert_eq!(refusal(&unload("00000000")), Code::CardMacWrong);
        assert_eq!(refusal(&unload("0000")), Code::FieldInvalid);
        // Any other field and the MAC does not fit any more.
        let mut other = unload(&mac1);
        if let IssuerRequest::Unload { amount, .. } = &mut other {
            *amount = Fen(3649);
        }
        assert_eq!(refusal(&other), Code::CardMacWrong);
        let mut other = unload(&mac1);
        if let IssuerRequest::Unload { card, .. } = &mut other {
            card.serial = "4999000000000102".to_owned();
        }
        assert_eq!(refusal(&other), Code::CardMacWrong);
    }

    fn load(mac1: &str) -> IssuerRequest {
        IssuerRequest::Load {
            card: source("tunion-unload"),
            purse: 2,
            algorithm: 0,
            key_version: 1,
            random: "C620857F".to_owned(),
            online_counter: 8,
            old_balance: Fen(3650),
            amount: Fen(1000),
            terminal: "990000000042".to_owned(),
            mac1: mac1.to_owned(),
            at: at(),
        }
    }

    /// MAC1 and TAC of a load as the card makes them.
    fn card_load_macs(kind: u8) -> (String, String) {
        let session = mac::online_session(&card_key("tunion-unload", "load"), [0xC6, 0x20, 0x85, 0x7F], 8);
        let (old, amount, new) = (3650_u32.to_be_bytes(), 1000_u32.to_be_bytes(), 4650_u32.to_be_bytes());
        let terminal = [0x99, 0, 0, 0, 0, 0x42];
        let time = hex::decode("20261124100000").unwrap();
        let mac1 = mac::mac(&session, &[&old[..], &amount, &[kind], &terminal].concat());
        let tac = mac::tac(&card_key("tunion-unload", "tac"), &[&new[..], &[0, 8], &amount, &[kind], &terminal, &time].concat());
        (hex::encode_upper(mac1), hex::encode_upper(tac))
    }

    #[test]
    fn a_load_needs_the_cards_own_mac_and_its_tac_proves_it() {
        let (mac1, tac) = card_load_macs(2);
        let ask = load(&mac1);
        assert!(matches!(service().answer(&ask, &[]), Ok(IssuerAnswer::Mac { at: time, .. }) if time == at()));
        assert_eq!(refusal(&load("00000000")), Code::CardMacWrong);
        // The MAC of the passbook does not open the purse.
        assert_eq!(refusal(&load(&card_load_macs(1).0)), Code::CardMacWrong);
        for (fen, code) in [(0x7FFF_FFFF_i64, Code::FieldInvalid), (-1, Code::FieldInvalid), (999, Code::CardMacWrong)] {
            let mut other = load(&mac1);
            if let IssuerRequest::Load { amount, .. } = &mut other {
                *amount = Fen(fen);
            }
            assert_eq!(refusal(&other), code, "{fen}");
        }
        let mut other = load(&mac1);
        if let IssuerRequest::Load { algorithm, .. } = &mut other {
            *algorithm = 4;
        }
        assert_eq!(refusal(&other), Code::KeyAlgorithmUnsupported);
        let release = ReleaseRecord::of(&ask).unwrap();
        assert_eq!(service().settles(&release, &tac), Ok(true));
        assert_eq!(service().settles(&release, "00000000"), Ok(false));
        let check = |counter: u16, fen: i64, tac: &str, releases: &[ReleaseRecord]| {
            let proof = Proof::Load {
                online_counter_after: counter,
                amount: Fen(fen),
                terminal: "990000000042".to_owned(),
                at: at(),
                tac: tac.to_owned(),
            };
            service().answer(&IssuerRequest::CheckProof { card: source("tunion-unload"), proof }, releases)
        };
        let own = std::slice::from_ref(&release);
        assert_eq!(check(9, 1000, &tac, own), Ok(IssuerAnswer::Checked { genuine: true }));
        for answer in [check(9, 1000, &tac, &[]), check(10, 1000, &tac, own), check(9, 1001, &tac, own), check(9, 1000, "00000000", own)] {
            assert_eq!(answer, Ok(IssuerAnswer::Checked { genuine: false }));
        }
    }

    #[test]
    fn block_macs_are_those_of_exactly_three_commands() {
        for (to, header) in [
            (BlockState::Open, [0x84, 0x18, 0, 0, 4]),
            (BlockState::Temporary, [0x84, 0x1E, 0, 0, 4]),
            (BlockState::Permanent, [0x84, 0x1E, 0, 1, 4]),
            (BlockState::Card, [0x84, 0x16, 0, 0, 4]),
        ] {
            let ask = |challenge: &str, family: &str| IssuerRequest::Block {
                card: source(family),
                to,
                challenge: challenge.to_owned(),
                chip: String::new(),
            };
            let expected = mac::line(&card_key("tunion-unload", "maintenance"), &[1, 2, 3, 4], &header);
            let answer = service().answer(&ask("01020304", "tunion-unload"), &[]);
            assert!(matches!(answer, Ok(IssuerAnswer::Mac { mac, .. }) if mac == hex::encode_upper(expected)), "{to:?}");
            assert_eq!(refusal(&ask("0102", "tunion-unload")), Code::FieldInvalid);
            assert_eq!(refusal(&ask("01020304", "nothing")), Code::CardFamilyUnknown);
        }
        // Whose a release was knows the centre, not the keys.
        let step = IssuerRequest::CheckStep { card: source("tunion-unload"), line: CounterLine::Online, counter: 8 };
        assert_eq!(refusal(&step), Code::KeySourceInvalid);
    }

    #[test]
    fn unknown_algorithms_versions_families_and_fields_are_refused() {
        let (mac1, _) = card_macs();
        let with = |new_algorithm: u8, new_version: u8, family: &str, issuer: &str, fen: i64| {
            let mut ask = unload(&mac1);
            if let IssuerRequest::Unload { algorithm, key_version, card, amount, .. } = &mut ask {
                (*algorithm, *key_version, *amount) = (new_algorithm, new_version, Fen(fen));
                card.family = family.to_owned();
                card.issuer = issuer.to_owned();
            }
            service().answer(&ask, &[]).map_err(|message| message.code).map(|_| ())
        };
        let issuer = "99993040FFFFFFFF";
        assert_eq!(with(0, 1, "tunion-unload", issuer, 3650), Ok(()));
        assert_eq!(with(4, 1, "tunion-unload", issuer, 3650), Err(Code::KeyAlgorithmUnsupported));
        assert_eq!(with(0, 2, "tunion-unload", issuer, 3650), Err(Code::KeyAlgorithmUnsupported));
        assert_eq!(with(0, 1, "nothing", issuer, 3650), Err(Code::CardFamilyUnknown));
        assert_eq!(with(0, 1, "tunion-unload", "zz", 3650), Err(Code::FieldInvalid));
        assert_eq!(with(0, 1, "tunion-unload", issuer, -1), Err(Code::FieldInvalid));
    }

    #[test]
    fn a_torn_unload_is_proved_by_its_release_only() {
        let (mac1, mac3) = card_macs();
        let release = ReleaseRecord::of(&unload(&mac1)).unwrap();
        let check = |counter: u16, mac3: &str, releases: &[ReleaseRecord]| {
            let proof = Proof::Unload {
                online_counter_after: counter,
                amount: Fen(3650),
                terminal: "990000000042".to_owned(),
                at: at(),
                mac3: mac3.to_owned(),
            };
            let ask = IssuerRequest::CheckProof { card: source("tunion-unload"), proof };
            service().answer(&ask, releases) == Ok(IssuerAnswer::Checked { genuine: true })
        };
        let known = std::slice::from_ref(&release);
        assert!(check(9, &mac3, known));
        assert!(!check(9, &mac3, &[]), "nothing was released");
        assert!(!check(8, &mac3, known), "the counter before");
        assert!(!check(9, "F0FD22CB", known), "another MAC3");
        let of_other_card =
            ReleaseRecord { card: CardKeySource { serial: "4999000000000102".to_owned(), ..release.card.clone() }, ..release.clone() };
        assert!(!check(9, &mac3, &[of_other_card]));
        let other_random = ReleaseRecord { random: "00000000".to_owned(), ..release.clone() };
        assert!(!check(9, &mac3, std::slice::from_ref(&other_random)));
        // Two tries with two randoms: the one that the card took counts.
        assert!(check(9, &mac3, &[other_random, release]));
    }

    #[test]
    fn a_torn_purchase_needs_both_proofs() {
        let ask = IssuerRequest::Purchase {
            card: source("tunion-purchase"),
            algorithm: 0,
            key_version: 1,
            random: "C620857F".to_owned(),
            offline_counter: 5,
            old_balance: Fen(200),
            amount: Fen(200),
            terminal: "990000000042".to_owned(),
            terminal_sequence: 77,
            at: at(),
        };
        let session = mac::offline_session(&card_key("tunion-purchase", "purchase"), [0xC6, 0x20, 0x85, 0x7F], 5, 77);
        let order = hex::decode("000000C80699000000004220261124100000").unwrap();
        let slip = hex::decode("000000C8069900000000420000004D20261124100000").unwrap();
        let mac1 = hex::encode_upper(mac::mac(&session, &order));
        assert_eq!(service().answer(&ask, &[]), Ok(IssuerAnswer::Mac { mac: mac1, at: at() }));
        let mac2 = hex::encode_upper(mac::mac(&session, &200_u32.to_be_bytes()));
        let tac = hex::encode_upper(mac::tac(&card_key("tunion-purchase", "tac"), &slip));
        let release = ReleaseRecord::of(&ask).unwrap();
        assert_eq!(release.kind, ReleaseKind::Purchase { terminal_sequence: 77 });
        let check = |counter: u16, mac2: &str, tac: &str| {
            let proof = Proof::Purchase {
                offline_counter_after: counter,
                amount: Fen(200),
                terminal: "990000000042".to_owned(),
                terminal_sequence: 77,
                at: at(),
                mac2: mac2.to_owned(),
                tac: tac.to_owned(),
            };
            let ask = IssuerRequest::CheckProof { card: source("tunion-purchase"), proof };
            service().answer(&ask, std::slice::from_ref(&release)) == Ok(IssuerAnswer::Checked { genuine: true })
        };
        assert!(check(6, &mac2, &tac));
        assert!(!check(5, &mac2, &tac));
        assert!(!check(6, "00000000", &tac));
        assert!(!check(6, &mac2, "00000000"));
        assert_eq!(service().settles(&release, &tac), Ok(true));
        assert_eq!(service().settles(&release, &mac2), Ok(false));
        assert!(service().settles(&release, "no").is_err());
        // More than the purse holds is not signed.
        let mut too_much = ask;
        if let IssuerRequest::Purchase { amount, .. } = &mut too_much {
            *amount = Fen(201);
        }
        assert_eq!(refusal(&too_much), Code::FieldInvalid);
    }

    #[test]
    fn only_the_counters_own_lines_are_signed() {
        let line = |header: &str, data: &str, challenge: &str| IssuerRequest::LineMac {
            card: CardKeySource { serial: "2150999000000001".to_owned(), ..source("education") },
            key: LineKey::Maintenance,
            challenge: challenge.to_owned(),
            header: header.to_owned(),
            data: data.to_owned(),
        };
        let validity = line("04D6951808", "20261231", "A1B2C3D4");
        assert!(service().answer(&validity, &[]).is_ok());
        let until = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        assert_eq!(service().line_purpose(&validity), Ok(Some(LinePurpose::ValidUntil(until))));
        for (what, header, data) in [
            ("block", "841E000004", ""),
            ("unblock", "8418000004", ""),
            ("the serial", "04D6950C0C", "0000000000000000"),
            ("another file", "04D6961808", "20261231"),
            ("a length that lies", "04D6951809", "20261231"),
            ("no date", "04D6951808", "20261331"),
        ] {
            assert_eq!(refusal(&line(header, data, "A1B2C3D4")), Code::CardLineUnknown, "{what}");
        }
        assert_eq!(refusal(&line("04D6951808", "20261231", "A1B2C3")), Code::FieldInvalid);
        assert_eq!(service().line_purpose(&unload("00000000")), Ok(None));
    }

    #[test]
    fn a_release_survives_being_stored() {
        let release = ReleaseRecord::of(&unload("00000000")).unwrap();
        let text = serde_json::to_string(&release).unwrap();
        assert_eq!(serde_json::from_str::<ReleaseRecord>(&text).unwrap(), release);
    }

    proptest::proptest! {
        #[test]
        fn hostile_requests_never_panic(header: String, data: String, challenge: String, counter: u16, amount: i64, old: i64) {
            let service = service();
            let key = LineKey::Maintenance;
            let line = IssuerRequest::LineMac { card: source("education"), key, challenge, header: header.clone(), data: data.clone() };
            let _ = service.answer(&line, &[]);
            let mut ask = unload(&header);
            if let IssuerRequest::Unload { random, terminal, online_counter, amount: fen, old_balance, .. } = &mut ask {
                (*random, *terminal, *online_counter) = (data.clone(), data, counter);
                (*fen, *old_balance) = (Fen(amount), Fen(old));
            }
            let _ = service.answer(&ask, &[]);
            if let Some(release) = ReleaseRecord::of(&ask) {
                let _ = service.settles(&release, &header);
            }
        }
    }
}
