//! A unit's people: photos are kept under what they are until their rows come, and each row becomes an order under a number
//! of its own that is always the same, so that whatever is repeated orders nobody twice. One bad row stops no other.

use std::collections::{BTreeMap, BTreeSet};

use desk_domain::{
    application::{PurseSeen, Wish},
    case::Service,
    centre_act::{Order, Ordered},
    code::{Code, Message},
    id::{CaseId, CaseNumber, CentreNumber, OperatorId, PersonId, WindowId},
    normalise,
    order::{Contact, Delivery, Form, Photo},
    unit,
    unit_batch::{PORTION, Portion, RowResult, UnitRow},
};
use desk_wire::v1::Reply;

use crate::{
    answer::{Answer, Step, Stop, refuse, refuse_code, require},
    centre::Call,
    number::derived_number,
    orders::order_right,
    policy::Programme,
    record::{OrderRecord, Person, UnitPhoto},
};

/// Hexadecimal digits of a photo: no programme takes a larger file than a megabyte.
const LONGEST_PHOTO: usize = 2 * 1024 * 1024;

impl Call<'_> {
    pub(crate) async fn keep_photo(&mut self, case: CaseId, sha256: &str, photo: &Photo) -> Step<Answer> {
        self.session().await?;
        require(photo.0.len() <= LONGEST_PHOTO && photo.sha256().as_deref() == Some(sha256), Code::PhotoChanged)?;
        let kept = UnitPhoto { cell: self.envelope.cell.clone(), case, sha256: sha256.to_owned(), photo: photo.clone(), at: self.now };
        self.tx.put_unit_photo(&kept).await?;
        Self::kept(Reply::PhotoKept)
    }

    pub(crate) async fn submit_rows(&mut self, case: CaseId, _number: &CaseNumber, _window: &WindowId, portion: &Portion) -> Step<Answer> {
        let session = self.session().await?;
        let Some(programme) = self.parts.policy.programmes.get(&portion.programme).filter(|programme| programme.cell == portion.cell)
        else {
            return refuse_code(Code::ProfileMismatch);
        };
        self.outlet_may(programme, Service::UnitBatch)?;
        let certificate = portion.credit_code.as_deref().is_some_and(unit::credit_code);
        require(certificate || portion.letter, Code::UnitDocMissing)?;
        require(portion.consent, Code::ConsentRequired)?;
        if portion.rows.len() > PORTION {
            return refuse(Message::new(Code::ListTooLong).with("most", format!("{PORTION} 行")));
        }
        let mut people: BTreeMap<&str, PersonId> = BTreeMap::new();
        for row in &portion.rows {
            if let Some(person) = self.tx.person_by_number(&portion.programme, &row.number).await? {
                people.insert(&row.number, person.person);
            }
        }
        // In one order, whatever the list's is: two windows must not wait for each other.
        let mut locked = BTreeMap::new();
        for person in people.values().collect::<BTreeSet<_>>() {
            if let Some(record) = self.tx.lock_person(&programme.cell, person).await? {
                locked.insert(person.clone(), record);
            }
        }
        let mut results = Vec::new();
        for row in &portion.rows {
            let person = people.get(row.number.as_str()).and_then(|person| locked.get(person));
            results.push(match self.unit_row(programme, case, portion, row, person, &session.operator).await {
                Ok((order, warning)) => RowResult::Ordered { line: row.line, order, warning },
                Err(Stop::Refuse(message)) => RowResult::Refused { line: row.line, message },
                // What is passing is asked again as a whole: what was ordered until here is known by its number.
                Err(stop @ (Stop::Wait(_) | Stop::Fail(_))) => return Err(stop),
            });
        }
        self.tx.drop_unit_photos(&self.envelope.cell, case, &photos(portion)).await?;
        Self::kept(Reply::RowsSubmitted { results })
    }

    async fn unit_row(
        &mut self,
        programme: &Programme,
        case: CaseId,
        portion: &Portion,
        row: &UnitRow,
        person: Option<&Person>,
        operator: &OperatorId,
    ) -> Step<(CentreNumber, Option<Message>)> {
        let Some(person) = person.filter(|person| person.programme == portion.programme) else {
            return refuse_code(Code::PersonNotFound);
        };
        let number = derived_number('U', &self.parts.secret, &[&case.to_string(), &row.line.to_string(), &row.number]);
        let warning = (!normalise::same_name(&person.name, &row.name)).then(|| Message::new(Code::NameDiffers));
        if self.tx.order(&number).await?.is_some() {
            return Ok((number, warning));
        }
        require(person.staff.as_ref() != Some(operator), Code::SelfServiceForbidden)?;
        require(person.birth.is_none_or(|birth| birth == row.birth), Code::AgeMismatch)?;
        if let Some(open) = self.tx.open_claim(&programme.cell, &order_right(&person.person)).await? {
            return refuse(crate::claims::taken(&open));
        }
        let photo = match &row.photo {
            Some(sha256) => match self.tx.unit_photo(&self.envelope.cell, case, sha256).await? {
                Some(photo) => Some(photo),
                None => return refuse_code(Code::PhotoFileMissing),
            },
            None => None,
        };
        let order = Order {
            person: person.person.clone(),
            wish: Wish::First,
            form: Form {
                bank: row.bank.clone(),
                contact: Contact { phone: row.phone.clone(), address: String::new() },
                delivery: Delivery::PickUp,
                consent: portion.consent,
                benefits: false,
            },
            photo,
            purse: PurseSeen::NotOpened,
            accepted_at: portion.accepted_at,
        };
        self.check_order(programme, person, &order).await?;
        let photo = order.photo.clone();
        let record = OrderRecord {
            cell: programme.cell.clone(),
            number: number.clone(),
            person: order.person.clone(),
            programme: portion.programme.clone(),
            order: Ordered::Applied(order),
            outlet: self.device.outlet.clone(),
            ordered_at: self.now,
            parcel: None,
            sent_back_at: None,
            handed_over: None,
        };
        self.place_order(record, photo).await?;
        Ok((number, warning))
    }
}

fn photos(portion: &Portion) -> Vec<String> {
    portion.rows.iter().filter_map(|row| row.photo.clone()).collect()
}
