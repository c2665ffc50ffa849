//! The sandbox of the systems around the centre: the model of `centre-core` behind HTTP, with troubles that can be switched
//! on. A process of its own; keeps nothing on disk.

use std::{collections::BTreeMap, sync::Arc, sync::Mutex, sync::PoisonError, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::{StatusCode, header::AUTHORIZATION},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::post,
};
use centre_core::{
    neighbours::{Neighbours, System, Trouble},
    ports::PortFailure,
    upstream::{
        Clearing, CloseOrder, CodeOrder, Courier, FunctionKeepers, IssueRecord, IssueRegister, Library, LossOrder, LossResult, Making,
        Notice, Parcel, ParcelOrder, Production, ProductionOrder, TextMessages, TicketOrder, Tickets,
    },
};
use desk_domain::{function::FunctionState, id::PersonId, inquiry::CodeFacts, money::Fen};
use serde::{Deserialize, Serialize};

use super::neighbours::{
    BALANCE_PATH, BalanceQuery, CLOSE_PATH, CODES_PATH, CardQuery, ISSUE_PATH, LOANS_PATH, MAKING_PATH, MakingQuery, OPEN_PATH, ORDER_PATH,
    Opening, PARCEL_PATH, PHOTO_PATH, ParcelQuery, PersonQuery, RELEASE_PATH, REMOTE_PATH, REPORT_PATH, RESEND_PATH, SEND_PATH, STATE_PATH,
    StateQuery, TELL_PATH, TICKET_PATH,
};

/// What goes wrong with one system, as a test asks for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TroubleRequest {
    pub system: System,
    /// None ends it; a bank then passes on what it held back.
    pub trouble: Option<Trouble>,
    /// Answers this late.
    #[serde(default)]
    pub late_seconds: u64,
}

#[derive(Default)]
struct App {
    neighbours: Neighbours,
    token: Mutex<Option<String>>,
    late: Mutex<BTreeMap<&'static str, u64>>,
}

type Answer<T> = Result<Json<T>, Silence>;

/// A trouble of the model: no answer that could be read.
struct Silence(PortFailure);

impl IntoResponse for Silence {
    fn into_response(self) -> Response {
        (StatusCode::SERVICE_UNAVAILABLE, self.0.detail).into_response()
    }
}

impl From<PortFailure> for Silence {
    fn from(failure: PortFailure) -> Self {
        Self(failure)
    }
}

/// All routes.
pub fn router() -> Router {
    let app = Arc::new(App::default());
    Router::new()
        .route(STATE_PATH, post(state))
        .route(REPORT_PATH, post(report))
        .route(RELEASE_PATH, post(release))
        .route(LOANS_PATH, post(loans))
        .route(CODES_PATH, post(codes))
        .route(RESEND_PATH, post(resend))
        .route(ISSUE_PATH, post(issue))
        .route(TICKET_PATH, post(ticket))
        .route(REMOTE_PATH, post(remote))
        .route(CLOSE_PATH, post(close))
        .route(BALANCE_PATH, post(balance))
        .route(PHOTO_PATH, post(photo))
        .route(ORDER_PATH, post(order))
        .route(MAKING_PATH, post(making))
        .route(SEND_PATH, post(send))
        .route(PARCEL_PATH, post(parcel))
        .route(TELL_PATH, post(tell))
        .route_layer(from_fn_with_state(app.clone(), admit))
        .route(OPEN_PATH, post(open))
        .route("/v1/trouble", post(trouble))
        .with_state(app)
}

/// The centre's token; and the lateness of the path, which has its system.
async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    let known = app.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if known.is_none() || given != known.as_deref() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let late = app.late.lock().unwrap_or_else(PoisonError::into_inner).get(path_system(request.uri().path())).copied();
    let answer = next.run(request).await;
    if let Some(seconds) = late {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }
    answer
}

/// Banks and social security share their paths: both are late together.
fn path_system(path: &str) -> &'static str {
    match path {
        LOANS_PATH => System::Library.name(),
        CODES_PATH | RESEND_PATH | TELL_PATH => System::Messages.name(),
        SEND_PATH | PARCEL_PATH => System::Courier.name(),
        ISSUE_PATH => System::Issues.name(),
        TICKET_PATH => System::Tickets.name(),
        REMOTE_PATH | CLOSE_PATH | BALANCE_PATH => System::Clearing.name(),
        PHOTO_PATH | ORDER_PATH | MAKING_PATH => System::Production.name(),
        _ => System::Bank.name(),
    }
}

async fn open(State(app): State<Arc<App>>, Json(opening): Json<Opening>) -> Result<Json<()>, StatusCode> {
    {
        let mut token = app.token.lock().unwrap_or_else(PoisonError::into_inner);
        match token.as_ref() {
            Some(known) if *known != opening.token => return Err(StatusCode::FORBIDDEN),
            Some(_) => {}
            None => *token = Some(opening.token),
        }
    }
    let mut books = app.neighbours.books();
    for (card, kept) in opening.cards {
        books.cards.entry(card).or_insert(kept);
    }
    for (card, loans) in opening.loans {
        books.loans.entry(card).or_insert(loans);
    }
    for (person, record) in opening.issues {
        books.issues.entry(person).or_insert(record);
    }
    for (person, sent) in opening.codes {
        books.codes.entry(person).or_insert_with(|| vec![sent]);
    }
    for (card, purse) in opening.purses {
        books.purses.entry(card).or_insert(purse);
    }
    for (number, made) in opening.made {
        books.made.entry(number).or_insert(made);
    }
    for (number, posted) in opening.parcels {
        books.parcels.entry(number).or_insert(posted);
    }
    for (programme, card) in opening.plastic {
        let waits = books.plastic.iter().map(|(_, known)| known);
        let used = books.made.values().filter_map(|made| made.card.as_ref()).chain(waits).any(|known| *known == card);
        if !used {
            books.plastic.push((programme, card));
        }
    }
    books.delivery.extend(opening.delivery);
    drop(books);
    Ok(Json(()))
}

async fn trouble(State(app): State<Arc<App>>, Json(asked): Json<TroubleRequest>) -> Json<()> {
    {
        let mut late = app.late.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.late_seconds > 0 {
            late.insert(asked.system.name(), asked.late_seconds);
        } else {
            late.remove(asked.system.name());
        }
    }
    let mut books = app.neighbours.books();
    match asked.trouble {
        Some(trouble) => {
            books.trouble.insert(asked.system, trouble);
        }
        None if asked.system == System::Bank => books.pass_on(),
        None => {
            books.trouble.remove(&asked.system);
        }
    }
    Json(())
}

async fn state(State(app): State<Arc<App>>, Json(query): Json<StateQuery>) -> Answer<Option<FunctionState>> {
    Ok(Json(app.neighbours.state(&query.keeper, &query.card_no, query.at).await?))
}

async fn report(State(app): State<Arc<App>>, Json(order): Json<LossOrder>) -> Answer<LossResult> {
    Ok(Json(app.neighbours.report(&order).await?))
}

async fn release(State(app): State<Arc<App>>, Json(order): Json<LossOrder>) -> Answer<LossResult> {
    Ok(Json(FunctionKeepers::release(&app.neighbours, &order).await?))
}

async fn loans(State(app): State<Arc<App>>, Json(query): Json<CardQuery>) -> Answer<u32> {
    Ok(Json(app.neighbours.open_loans(&query.card_no).await?))
}

async fn codes(State(app): State<Arc<App>>, Json(query): Json<PersonQuery>) -> Answer<CodeFacts> {
    Ok(Json(app.neighbours.codes(&query.person, query.at).await?))
}

async fn resend(State(app): State<Arc<App>>, Json(order): Json<CodeOrder>) -> Answer<()> {
    Ok(Json(app.neighbours.resend(&order).await?))
}

async fn issue(State(app): State<Arc<App>>, Json(person): Json<PersonId>) -> Answer<Option<IssueRecord>> {
    Ok(Json(app.neighbours.issue(&person).await?))
}

async fn ticket(State(app): State<Arc<App>>, Json(order): Json<TicketOrder>) -> Answer<()> {
    Ok(Json(Tickets::open(&app.neighbours, &order).await?))
}

async fn remote(State(app): State<Arc<App>>, Json(query): Json<CardQuery>) -> Answer<bool> {
    Ok(Json(app.neighbours.remote(&query.card_no).await?))
}

async fn close(State(app): State<Arc<App>>, Json(order): Json<CloseOrder>) -> Answer<()> {
    Ok(Json(app.neighbours.close(&order).await?))
}

async fn balance(State(app): State<Arc<App>>, Json(query): Json<BalanceQuery>) -> Answer<Option<Fen>> {
    Ok(Json(app.neighbours.balance(&query.card_no, query.at).await?))
}

async fn send(State(app): State<Arc<App>>, Json(order): Json<ParcelOrder>) -> Answer<()> {
    Ok(Json(app.neighbours.send(&order).await?))
}

async fn parcel(State(app): State<Arc<App>>, Json(query): Json<ParcelQuery>) -> Answer<Option<Parcel>> {
    Ok(Json(app.neighbours.parcel(&query.parcel, query.at).await?))
}

async fn tell(State(app): State<Arc<App>>, Json(notice): Json<Notice>) -> Answer<()> {
    Ok(Json(app.neighbours.tell(&notice).await?))
}

async fn photo(State(app): State<Arc<App>>, Json(person): Json<PersonId>) -> Answer<bool> {
    Ok(Json(app.neighbours.photo_on_file(&person).await?))
}

async fn order(State(app): State<Arc<App>>, Json(order): Json<ProductionOrder>) -> Answer<()> {
    Ok(Json(Production::order(&app.neighbours, &order).await?))
}

async fn making(State(app): State<Arc<App>>, Json(query): Json<MakingQuery>) -> Answer<Option<Making>> {
    Ok(Json(app.neighbours.making(&query.order, query.at).await?))
}
