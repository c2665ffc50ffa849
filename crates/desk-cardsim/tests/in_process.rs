//! The reader port over a tray: presence, sessions and faults as a real reader shows them.

#[cfg(test)]
mod reader {
    use std::time::Duration;

    use desk_card::link::{Answer, CardReader, Presence};
    use desk_cardsim::{CardRow, Seed, SimCard, SimTray, faults::What};

    const SELECT: [u8; 14] = [0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05, 0x00];

    fn row(family: &str, card_no: &str, serial: &str) -> CardRow {
        CardRow {
            name: String::new(),
            family: family.to_owned(),
            card_no: card_no.to_owned(),
            issuer: "99993040FFFFFFFF".to_owned(),
            serial: serial.to_owned(),
            holder_class: 1,
            balance_fen: 0,
            valid_until: "2030-12-31".to_owned(),
        }
    }

    fn purse() -> CardRow {
        row("tunion-unload", "3104999000000000101", "4999000000000101")
    }

    fn tray() -> SimTray {
        let tray = SimTray::new();
        tray.add("card", SimCard::make(&Seed(vec![1]), &purse()).unwrap());
        tray
    }

    fn ok(answer: &Answer) -> bool {
        matches!(answer, Answer::Response(bytes) if bytes.ends_with(&[0x90, 0x00]))
    }

    #[tokio::test]
    async fn a_card_that_is_topped_up_on_the_reader_still_answers() {
        let tray = tray();
        tray.put("card");
        let mut reader = tray.reader();
        reader.connect().await;
        tray.with_card("card", |card| desk_cardsim::kiosk::top_up(card, 100, chrono::NaiveDateTime::default()).unwrap());
        assert!(ok(&reader.transmit(&[0x00, 0xA4, 0x04, 0x00, 0x08, 0xA0, 0x00, 0x00, 0x06, 0x32, 0x01, 0x01, 0x05]).await));
        tray.take_off();
        tray.with_card("card", |card| desk_cardsim::kiosk::top_up(card, 100, chrono::NaiveDateTime::default()).unwrap());
        assert!(!tray.card("card").unwrap().powered(), "away from the reader it has no power");
    }

    #[tokio::test]
    async fn a_change_is_told_at_once_and_patience_ends() {
        let tray = tray();
        let mut reader = tray.reader();
        assert_eq!(reader.presence().await, Presence::Empty);
        assert_eq!(reader.changed(Duration::from_millis(1)).await, Presence::Empty);
        let (seen, ()) = tokio::join!(reader.changed(Duration::from_secs(60)), async {
            assert!(tray.put("card"));
        });
        assert!(matches!(seen, Presence::Card { .. }));
        assert!(!tray.put("nothing of that name"));
    }

    #[tokio::test]
    async fn a_session_ends_with_its_insertion() {
        let tray = tray();
        let mut reader = tray.reader();
        assert_eq!(reader.transmit(&SELECT).await, Answer::Lost, "no session yet");
        tray.put("card");
        assert!(matches!(reader.connect().await, Presence::Card { .. }));
        assert!(ok(&reader.transmit(&SELECT).await));
        tray.put("card");
        assert_eq!(reader.transmit(&SELECT).await, Answer::Lost, "taken off and put back");
        reader.connect().await;
        assert!(ok(&reader.transmit(&SELECT).await));
        reader.disconnect().await;
        assert_eq!(reader.transmit(&SELECT).await, Answer::Lost);
    }

    #[tokio::test]
    async fn tears_before_and_after_differ_on_the_card_only() {
        for (tear, executed) in [(What::TearBefore, false), (What::TearAfter, true)] {
            let tray = tray();
            let mut reader = tray.reader();
            tray.put("card");
            reader.connect().await;
            assert!(ok(&reader.transmit(&SELECT).await));
            let before = serde_json::to_string(&tray.card("card").unwrap()).unwrap();
            tray.plan(1, tear);
            assert_eq!(reader.transmit(&[0x00, 0x84, 0x00, 0x00, 0x04]).await, Answer::Lost);
            assert_eq!(reader.presence().await, Presence::Empty);
            let after = serde_json::to_string(&tray.card("card").unwrap()).unwrap();
            assert_eq!(before != after, executed, "a random number was drawn or not");
        }
    }

    #[tokio::test]
    async fn a_fast_swap_goes_unnoticed_and_the_new_card_knows_nothing() {
        let tray = tray();
        tray.add("other", SimCard::unknown());
        let mut reader = tray.reader();
        tray.put("card");
        reader.connect().await;
        tray.plan(1, What::Swap("other".to_owned()));
        assert_eq!(reader.transmit(&SELECT).await, Answer::Response(vec![0x6A, 0x82]));
        assert!(matches!(reader.presence().await, Presence::Card { .. }));
    }

    #[tokio::test]
    async fn several_mute_and_missing() {
        let tray = tray();
        let mut reader = tray.reader();
        tray.put_several();
        assert_eq!(reader.connect().await, Presence::Several);
        tray.put_mute();
        assert_eq!(reader.connect().await, Presence::Mute);
        tray.unplug();
        assert_eq!(reader.connect().await, Presence::NoReader);
        tray.stop_service();
        assert_eq!(reader.connect().await, Presence::NoService);
        assert_eq!(reader.transmit(&SELECT).await, Answer::Lost);
    }

    #[test]
    fn rows_that_make_no_card_name_the_field() {
        let wrong = |row: CardRow| SimCard::make(&Seed(vec![1]), &row).map(|_| ()).unwrap_err().0;
        assert!(wrong(CardRow { serial: "4999000000000102".to_owned(), ..purse() }).starts_with("serial"));
        assert_eq!(wrong(CardRow { card_no: "31".to_owned(), ..purse() }), "card_no");
        assert_eq!(wrong(CardRow { issuer: "99".to_owned(), ..purse() }), "issuer");
        assert_eq!(wrong(CardRow { valid_until: "2026-13-01".to_owned(), ..purse() }), "valid_until");
        assert!(wrong(CardRow { balance_fen: u32::MAX, ..purse() }).starts_with("balance_fen"));
        let education = row("education", "2150999000000001", "2150999000000001");
        assert!(wrong(CardRow { balance_fen: 5, ..education.clone() }).starts_with("balance_fen"));
        assert!(wrong(CardRow { issuer: "9999304000000000".to_owned(), ..education }).starts_with("issuer"));
        assert_eq!(wrong(CardRow { family: "other".to_owned(), ..purse() }), "family other");
        assert!(Seed::from_hex("0g").is_err());
    }
}
