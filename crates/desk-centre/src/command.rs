//! What the program can be told to do.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use centre_core::{number::local_day, payout, store::CentreStore};
use clap::{Args, Subcommand};
use desk_domain::{
    id::{CentreNumber, OperatorId, OutletId, WindowId},
    money::Fen,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    authority::requested_staff_key,
    backup,
    clock::{Clock, SystemEntropy},
    config::Config,
    demonstration, enrol_code, evidence,
    fault::Fault,
    open, secrets,
    secrets::Secrets,
    staff,
    store::Postgres,
    upstream::{ecard_sandbox, neighbour_sandbox},
};

/// Replies that hold personal data are kept as long as a desk may repeat its request.
const PERSONAL_REPLIES: chrono::Duration = chrono::Duration::hours(24);
/// A desk that accepted a list without the line sends it within days, or never.
const LEFT_PHOTOS: chrono::Duration = chrono::Duration::days(30);
const SWEEP: Duration = Duration::from_secs(3600);

#[derive(Args)]
pub struct Configured {
    /// The installation's `centre.toml`.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Subcommand)]
pub enum Command {
    /// Makes the data directory: certificate authority, server certificate, secrets.
    Init {
        #[command(flatten)]
        configured: Configured,
        /// Seed of the issuer's software keys (hexadecimal digits); drawn where absent.
        #[arg(long, value_name = "FILE")]
        issuer_seed_file: Option<PathBuf>,
    },
    /// Brings the tables up to date.
    Migrate {
        #[command(flatten)]
        configured: Configured,
    },
    /// Fills in demonstration data: plainly synthetic people, cards and operators.
    Demo {
        #[command(flatten)]
        configured: Configured,
    },
    /// Makes a one-time code with which a desk takes its place at a window, and prints it.
    EnrolCode {
        #[command(flatten)]
        configured: Configured,
        #[arg(long)]
        outlet: String,
        #[arg(long)]
        window: String,
    },
    /// Lets an operator in again who was locked out.
    UnlockOperator {
        #[command(flatten)]
        configured: Configured,
        #[arg(long)]
        operator: String,
    },
    /// Lists the refunds that the back office owes, the earliest first.
    Payouts {
        #[command(flatten)]
        configured: Configured,
    },
    /// Books a refund that the back office has paid, as clearing has the amount; prints its number.
    PayOut {
        #[command(flatten)]
        configured: Configured,
        /// As the list shows it.
        #[arg(long)]
        reservation: String,
        /// In yuan, for example 36.50.
        #[arg(long)]
        amount: String,
    },
    /// Issues an operator's staff card from its certificate request (PKCS#10, P-256); the one before it is void from now on.
    StaffCard {
        #[command(flatten)]
        configured: Configured,
        #[arg(long)]
        operator: String,
        /// Request in PEM, made with the key that never leaves the card.
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
        /// Where to write the certificate (DER) that goes onto the card.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[arg(long, default_value_t = 24)]
        months: u32,
    },
    /// Makes an operator's staff card void: lost, or not needed any more.
    RevokeStaffCard {
        #[command(flatten)]
        configured: Configured,
        #[arg(long)]
        operator: String,
    },
    /// Answers desks until told to stop.
    Serve {
        #[command(flatten)]
        configured: Configured,
        /// Moves the clock; overrides the file.
        #[arg(long, allow_hyphen_values = true)]
        clock_offset_seconds: Option<i64>,
        /// Where to write the address once the centre listens.
        #[arg(long, value_name = "FILE")]
        address_file: Option<PathBuf>,
    },
    /// Checks every desk's journal and the ledger; names the first row that is not sound.
    Verify {
        #[command(flatten)]
        configured: Configured,
    },
    /// Writes every desk's journal into a file of its own, for `deskctl journal verify`.
    Export {
        #[command(flatten)]
        configured: Configured,
        /// Folder of the files.
        #[arg(long, value_name = "FOLDER")]
        to: PathBuf,
    },
    /// Erases the payloads of business days before a day; headers, amounts and hashes stay and still verify.
    Forget {
        #[command(flatten)]
        configured: Configured,
        /// At least six months ago.
        #[arg(long, value_name = "YYYY-MM-DD")]
        before: chrono::NaiveDate,
    },
    /// Writes the whole database into one file.
    Backup {
        #[command(flatten)]
        configured: Configured,
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Fills an empty database from a backup and checks every journal in it.
    Restore {
        #[command(flatten)]
        configured: Configured,
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
    },
    /// Plays a system outside the centre.
    Sandbox {
        #[command(subcommand)]
        system: Sandbox,
    },
}

#[derive(Subcommand)]
pub enum Sandbox {
    /// Social security, banks, library, text messages, first issue and tickets.
    Neighbours {
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[arg(long, value_name = "FILE")]
        address_file: Option<PathBuf>,
    },
    /// The E-card platform.
    Ecard {
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
        clock_offset_seconds: i64,
        #[arg(long, value_name = "FILE")]
        address_file: Option<PathBuf>,
    },
}

/// # Errors
/// [`Fault`] for the administrator.
pub async fn run(command: Command) -> Result<(), Fault> {
    match command {
        Command::Init { configured, issuer_seed_file } => init(&Config::read(&configured.config)?, issuer_seed_file.as_deref()),
        Command::Migrate { configured } => open::migrate(&Config::read(&configured.config)?).await,
        Command::Demo { configured } => {
            let config = Config::read(&configured.config)?;
            let summary = demonstration::fill(&config).await?;
            say(&summary)
        }
        Command::EnrolCode { configured, outlet, window } => {
            let config = Config::read(&configured.config)?;
            code(&config, &OutletId::new(outlet), &WindowId::new(window)).await
        }
        Command::UnlockOperator { configured, operator } => {
            let config = Config::read(&configured.config)?;
            unlock(&config, &OperatorId::new(operator)).await
        }
        Command::Payouts { configured } => payouts(&Config::read(&configured.config)?).await,
        Command::PayOut { configured, reservation, amount } => {
            pay_out(&Config::read(&configured.config)?, &CentreNumber::new(reservation), &amount).await
        }
        Command::StaffCard { configured, operator, request, to, months } => {
            let config = Config::read(&configured.config)?;
            staff_card(&config, &OperatorId::new(operator), &request, &to, months).await
        }
        Command::RevokeStaffCard { configured, operator } => {
            let config = Config::read(&configured.config)?;
            staff::keep(&config, &OperatorId::new(operator), None).await
        }
        Command::Serve { configured, clock_offset_seconds, address_file } => {
            let mut config = Config::read(&configured.config)?;
            if let Some(offset) = clock_offset_seconds {
                config.clock_offset_seconds = offset;
            }
            serve(&config, address_file.as_deref()).await
        }
        Command::Verify { configured } => {
            let store = open::owner(&Config::read(&configured.config)?).await?;
            for sound in evidence::verify(&store).await? {
                say(&format!(
                    "{} generation {}: {} rows, {} forgotten, {} heads, {} not signed for yet, head {}",
                    sound.device, sound.generation, sound.rows, sound.forgotten, sound.heads, sound.unsigned, sound.head
                ))?;
            }
            Ok(())
        }
        Command::Export { configured, to } => {
            let store = open::owner(&Config::read(&configured.config)?).await?;
            evidence::export(&store, &to).await?.iter().try_for_each(|file| say(&file.display().to_string()))
        }
        Command::Forget { configured, before } => {
            let config = Config::read(&configured.config)?;
            let gone = evidence::forget(&open::owner(&config).await?, before, local_day(config.clock().now())).await?;
            say(&format!("{gone} payloads forgotten"))
        }
        Command::Backup { configured, to } => backup::backup(Config::read(&configured.config)?.owner_url(), &to).await,
        Command::Restore { configured, from } => {
            let config = Config::read(&configured.config)?;
            let rows = backup::restore(config.owner_url(), &from).await?;
            open::migrate(&config).await?;
            say(&format!("restored; {rows} journal rows checked"))
        }
        Command::Sandbox { system: Sandbox::Neighbours { listen, address_file } } => {
            play(listen, neighbour_sandbox::router(), address_file.as_deref()).await
        }
        Command::Sandbox { system: Sandbox::Ecard { listen, clock_offset_seconds, address_file } } => {
            play(listen, ecard_sandbox::router(Clock::new(clock_offset_seconds)), address_file.as_deref()).await
        }
    }
}

fn init(config: &Config, seed_file: Option<&Path>) -> Result<(), Fault> {
    let seed = seed_file.map(|file| std::fs::read_to_string(file).map_err(|error| Fault::of(file, error.kind()))).transpose()?;
    secrets::init(&config.data_dir, &config.names, seed.as_deref())
}

async fn code(config: &Config, outlet: &OutletId, window: &WindowId) -> Result<(), Fault> {
    let known = config.rules()?.all().iter().any(|set| set.outlet(outlet).is_some());
    if !known {
        return Err(Fault::new(format!("no rule set knows the outlet {outlet}")));
    }
    let secrets = Secrets::open(&config.data_dir)?;
    let store = open::store(config).await?;
    let code = enrol_code::make(&store, &secrets.digest, &config.cell(), outlet, window, config.clock()).await?;
    say(&code)
}

async fn unlock(config: &Config, operator: &OperatorId) -> Result<(), Fault> {
    let store = open::store(config).await?;
    let mut tx = store.begin().await?;
    let Some(mut record) = tx.operator(&config.cell(), operator).await? else {
        return Err(Fault::new("no such operator"));
    };
    record.failures = 0;
    record.locked_at = None;
    tx.put_operator(&record).await?;
    tx.commit().await?;
    tracing::info!(operator = %operator, "unlocked");
    Ok(())
}

async fn payouts(config: &Config) -> Result<(), Fault> {
    let due = open::store(config).await?.begin().await?.payouts().await?;
    due.iter().try_for_each(|payout| {
        let tail = payout.card_no.tail();
        let amount = payout.amount.map_or_else(|| "uncleared".to_owned(), |amount| format!("{amount} yuan"));
        say(&format!("{} {} card …{tail} {amount} from {}", payout.reservation, payout.case_number, payout.from))
    })
}

async fn pay_out(config: &Config, reservation: &CentreNumber, amount: &str) -> Result<(), Fault> {
    let cleared = Fen::parse_yuan(amount).map_err(|_| Fault::new(format!("{amount}: no amount in yuan")))?;
    let store = open::store(config).await?;
    let paid = payout::pay_out(&store, reservation, cleared, config.clock().now(), &mut SystemEntropy).await;
    say(paid.map_err(|refused| Fault::new(refused.to_string()))?.as_str())
}

async fn staff_card(config: &Config, operator: &OperatorId, request: &Path, to: &Path, months: u32) -> Result<(), Fault> {
    let pem = std::fs::read_to_string(request).map_err(|error| Fault::of(request, error.kind()))?;
    let key = requested_staff_key(&pem).ok_or_else(|| Fault::of(request, "no certificate request with a P-256 key"))?;
    let secrets = Secrets::open(&config.data_dir)?;
    let today = local_day(config.clock().now());
    let until = today.checked_add_months(chrono::Months::new(months)).ok_or_else(|| Fault::new("months: too many"))?;
    let serial = crate::clock::random();
    let certificate = secrets.authority.staff(&key, operator, serial, [today, until]).map_err(Fault::new)?;
    // The operator first: a certificate that nobody knows opens nothing.
    staff::keep(config, operator, Some(&certificate.serial)).await?;
    std::fs::write(to, &certificate.der).map_err(|error| Fault::of(to, error.kind()))?;
    say(&format!("staff card of {operator}: certificate {}, valid until {until}", certificate.serial))
}

async fn serve(config: &Config, address_file: Option<&Path>) -> Result<(), Fault> {
    let (server, store) = open::server(config).await?;
    if let Some(address) = server.operations_address()? {
        tracing::info!(%address, "operations");
    }
    announce(&format!("https://{}", server.address()?), address_file)?;
    let sweeping = tokio::spawn(sweep(store.clone(), config.clock()));
    server.run(told_to_stop()).await;
    sweeping.abort();
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Forgets replies that hold personal data.
async fn sweep(store: Postgres, clock: Clock) {
    loop {
        let swept = async {
            let mut tx = store.begin().await?;
            let gone = tx.forget_replies(clock.now() - PERSONAL_REPLIES).await?;
            tx.forget_unit_photos(clock.now() - LEFT_PHOTOS).await?;
            tx.commit().await?;
            Ok::<u64, centre_core::store::StoreFailure>(gone)
        };
        match swept.await {
            Ok(gone) => tracing::debug!(gone, "personal replies forgotten"),
            Err(failure) => tracing::warn!(%failure, "personal replies not forgotten"),
        }
        tokio::time::sleep(SWEEP).await;
    }
}

async fn play(listen: SocketAddr, router: axum::Router, address_file: Option<&Path>) -> Result<(), Fault> {
    let failed = |error: std::io::Error| Fault::new(format!("{listen}: {error}"));
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    announce(&format!("http://{address}"), address_file)?;
    axum::serve(listener, router).with_graceful_shutdown(told_to_stop()).await.map_err(failed)
}

async fn told_to_stop() {
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                terminated.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminated => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// `LISTEN address` on standard output, and the address alone into a file that is whole when it is there.
fn announce(address: &str, file: Option<&Path>) -> Result<(), Fault> {
    say(&format!("LISTEN {address}"))?;
    if let Some(file) = file {
        let half = file.with_extension("part");
        std::fs::write(&half, address).and_then(|()| std::fs::rename(&half, file)).map_err(|error| Fault::of(file, error.kind()))?;
    }
    Ok(())
}

fn say(text: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| Fault::new(error.to_string()))
}
