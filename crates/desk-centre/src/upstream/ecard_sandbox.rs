//! The E-card platform's sandbox: the model of `centre-core` behind HTTP, with the holder's side (log-in, change) and
//! faults that can be switched on. A process of its own; keeps nothing on disk.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    routing::post,
};
use centre_core::{
    ports::{Passwords, ResetOrder, ResetResult},
    sandbox::{Account, Accounts, LogIn},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ecard_platform::{ACCOUNT_PATH, AccountQuery, AccountState, CardOrder, ORDER_PATH, PROVISION_PATH, Provision, RESET_PATH};
use crate::{
    clock::{Clock, random},
    passwords::Peppered,
};

/// What goes wrong with the centre's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlatformFault {
    #[default]
    None,
    /// Answers 503 and does nothing.
    Down,
    /// Does it and answers too late.
    Late,
    /// Does it and answers nonsense.
    Garbled,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct LogInRequest {
    pub account: String,
    pub password: String,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct ChangeRequest {
    pub account: String,
    pub old: String,
    pub new: String,
}

struct Open {
    token: String,
    passwords: Peppered,
    accounts: Accounts,
}

#[derive(Default)]
struct Platform {
    open: Option<Open>,
    fault: PlatformFault,
}

struct App {
    platform: Mutex<Platform>,
    clock: Clock,
}

impl App {
    fn platform(&self) -> MutexGuard<'_, Platform> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answer<T> = Result<Json<T>, StatusCode>;

/// All routes.
pub fn router(clock: Clock) -> Router {
    let app = Arc::new(App { platform: Mutex::default(), clock });
    Router::new()
        .route(PROVISION_PATH, post(provision))
        .route(ACCOUNT_PATH, post(account))
        .route(ORDER_PATH, post(card_order))
        .route(RESET_PATH, post(reset))
        .route("/v1/log-in", post(log_in))
        .route("/v1/change", post(change))
        .route("/v1/fault", post(fault))
        .with_state(app)
}

async fn provision(State(app): State<Arc<App>>, Json(asked): Json<Provision>) -> Answer<()> {
    let pepper = hex::decode(&asked.pepper).map_err(|_| StatusCode::BAD_REQUEST)?;
    let mut platform = app.platform();
    match &mut platform.open {
        Some(open) if open.token == asked.token => {
            for account in asked.accounts {
                open.accounts.0.entry(account).or_default();
            }
        }
        Some(_) => return Err(StatusCode::FORBIDDEN),
        None => {
            let accounts = asked.accounts.into_iter().map(|account| (account, Account::default())).collect();
            platform.open =
                Some(Open { token: asked.token, passwords: Peppered::new(Zeroizing::new(pepper)), accounts: Accounts(accounts) });
        }
    }
    if let Some(open) = &mut platform.open {
        for (account, number) in asked.orders {
            if let Some(account) = open.accounts.0.get_mut(&account) {
                account.card_order = Some(number);
            }
        }
    }
    Ok(Json(()))
}

/// The centre's token, and no fault that keeps the platform from working at all.
fn admit(platform: &Platform, headers: &HeaderMap) -> Result<(), StatusCode> {
    if platform.fault == PlatformFault::Down {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let Some(open) = &platform.open else {
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    };
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    if given == Some(open.token.as_str()) { Ok(()) } else { Err(StatusCode::UNAUTHORIZED) }
}

async fn account(State(app): State<Arc<App>>, headers: HeaderMap, Json(query): Json<AccountQuery>) -> Answer<AccountState> {
    let platform = app.platform();
    admit(&platform, &headers)?;
    let last_change = platform.open.as_ref().and_then(|open| open.accounts.last_change(&query.account));
    Ok(Json(AccountState { last_change }))
}

async fn card_order(State(app): State<Arc<App>>, headers: HeaderMap, Json(query): Json<AccountQuery>) -> Answer<CardOrder> {
    let platform = app.platform();
    admit(&platform, &headers)?;
    let number = platform.open.as_ref().and_then(|open| open.accounts.card_order(&query.account));
    Ok(Json(CardOrder { number }))
}

async fn reset(State(app): State<Arc<App>>, headers: HeaderMap, Json(order): Json<ResetOrder>) -> Answer<ResetResult> {
    let (result, fault) = {
        let mut platform = app.platform();
        admit(&platform, &headers)?;
        let fault = platform.fault;
        let Some(open) = &mut platform.open else {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        };
        (open.accounts.reset(&order), fault)
    };
    match fault {
        PlatformFault::None | PlatformFault::Down => Ok(Json(result)),
        PlatformFault::Late => {
            tokio::time::sleep(Duration::from_secs(10)).await;
            Ok(Json(result))
        }
        PlatformFault::Garbled => Err(StatusCode::IM_A_TEAPOT),
    }
}

/// Credential and hasher of an account, outside the lock.
fn held(app: &App, account: &str) -> Result<(Peppered, Option<String>), StatusCode> {
    let platform = app.platform();
    let open = platform.open.as_ref().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    Ok((open.passwords.clone(), open.accounts.credential(account)))
}

async fn tried(app: &App, account: &str, password: &str) -> Result<LogIn, StatusCode> {
    let (passwords, credential) = held(app, account)?;
    let matches = match &credential {
        Some(phc) => passwords.matches(password, phc).await,
        None => false,
    };
    let mut platform = app.platform();
    let open = platform.open.as_mut().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    // Reset or changed while the hash was computed: what was compared is no longer the credential.
    let matches = matches && open.accounts.credential(account) == credential;
    Ok(open.accounts.log_in(account, matches))
}

async fn log_in(State(app): State<Arc<App>>, Json(asked): Json<LogInRequest>) -> Answer<LogIn> {
    tried(&app, &asked.account, &asked.password).await.map(Json)
}

async fn change(State(app): State<Arc<App>>, Json(asked): Json<ChangeRequest>) -> Answer<bool> {
    let (passwords, credential) = held(&app, &asked.account)?;
    let Some(credential) = credential else {
        return Ok(Json(false));
    };
    if asked.new == asked.old || !passwords.matches(&asked.old, &credential).await {
        return Ok(Json(false));
    }
    let fresh = passwords.hash(&asked.new, random()).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let now = app.clock.now();
    let mut platform = app.platform();
    let open = platform.open.as_mut().ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Json(open.accounts.change(&asked.account, fresh, now)))
}

async fn fault(State(app): State<Arc<App>>, Json(fault): Json<PlatformFault>) -> Answer<()> {
    app.platform().fault = fault;
    Ok(Json(()))
}
