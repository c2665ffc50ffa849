//! One desk of a world with everything around it that a test may break: tray, line, disk, printer. The desk dies and comes
//! back; tray, disk and papers stay.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use desk_app::{
    Desk, DeskHandle, Parts,
    ports::{Clock, IdReader, Intake, NoHall, NoIdReader, PrintedAs, Printer, Sheet, Signer, Station, Store},
};
use desk_cardsim::SimTray;
use desk_domain::code::{Code, Message};
use desk_store::OpenFailure;
use tokio::task::JoinHandle;

use crate::{
    clerk::Clerk,
    entropy::Seeded,
    folder::Folder,
    link_faults::FaultyLine,
    memory_store::{MemoryDisk, MemoryStore},
    screen::CapturedScreen,
    world::{NoWorld, PlainPasswords, StaffAuthority, World},
};

/// A printer that keeps what it was given, and can be out of paper.
#[derive(Clone, Default)]
pub struct KeptPapers(Arc<Mutex<Tray>>);

#[derive(Default)]
struct Tray {
    sheets: Vec<Sheet>,
    missing: bool,
    printed: u32,
    fails_at: Option<u32>,
}

impl KeptPapers {
    #[must_use]
    pub fn sheets(&self) -> Vec<Sheet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).sheets.clone()
    }

    /// Paper number `number`, from 1, does not come out at its first try.
    pub fn fail_at(&self, number: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fails_at = Some(number);
    }

    pub fn set_missing(&self, missing: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).missing = missing;
    }
}

#[async_trait]
impl Printer for KeptPapers {
    async fn print(&mut self, sheet: &Sheet) -> Result<PrintedAs, Message> {
        let mut tray = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tray.printed += 1;
        if tray.missing || tray.fails_at == Some(tray.printed) {
            return Err(Message::new(Code::PrinterMissing));
        }
        tray.sheets.push(sheet.clone());
        Ok(PrintedAs(sheet.name.clone()))
    }

    async fn test(&mut self) -> Result<(), Message> {
        let missing = self.0.lock().unwrap_or_else(PoisonError::into_inner).missing;
        if missing { Err(Message::new(Code::PrinterMissing)) } else { Ok(()) }
    }
}

/// A place for a desk, and the desk that works there now.
pub struct Rig {
    pub station: Station,
    pub tray: SimTray,
    pub line: Arc<FaultyLine>,
    pub papers: KeptPapers,
    /// The desk's own clock: the world's, unless it drifts.
    pub clock: Arc<dyn Clock>,
    /// Reader of identity documents for the next start; none: documents are typed.
    pub id_reader: Option<Box<dyn IdReader>>,
    /// Folder of what customers bring.
    pub intake: Arc<dyn Intake>,
    world: Arc<World>,
    signer: Arc<dyn Signer>,
    disk: Option<MemoryDisk>,
    working: Option<(DeskHandle, JoinHandle<()>)>,
}

impl Rig {
    /// Gives the place a new desk: the next generation, with an empty disk and nothing of the old one.
    ///
    /// # Errors
    /// [`NoWorld`].
    pub async fn enrol_anew(&mut self, number: u8) -> Result<(), NoWorld> {
        self.kill();
        let generation = self.station.generation + 1;
        (self.station, self.signer) = self.world.enrol_generation(number, generation).await?;
        self.line = Arc::new(FaultyLine::new(self.world.line(&self.station)));
        self.disk = None;
        Ok(())
    }

    /// Enrols desk `number` in `world`, its tray holding copies of the demonstration's cards.
    ///
    /// # Errors
    /// [`NoWorld`].
    pub async fn at(world: &Arc<World>, number: u8) -> Result<Self, NoWorld> {
        let (station, signer) = world.enrol(number).await?;
        let tray = SimTray::new();
        for (name, card) in &world.cards {
            tray.add(name, card.clone());
        }
        let line = Arc::new(FaultyLine::new(world.line(&station)));
        Ok(Self {
            station,
            tray,
            line,
            papers: KeptPapers::default(),
            clock: world.clock.clone(),
            id_reader: None,
            intake: Arc::new(Folder::of_a_unit()),
            world: Arc::clone(world),
            signer,
            disk: None,
            working: None,
        })
    }

    /// The same with somebody else's tray: two desks that the same cards come to.
    ///
    /// # Errors
    /// [`NoWorld`].
    pub async fn beside(world: &Arc<World>, number: u8, tray: &SimTray) -> Result<Self, NoWorld> {
        let mut rig = Self::at(world, number).await?;
        rig.tray = tray.clone();
        Ok(rig)
    }

    /// Starts the desk on what its disk holds, with the store wrapped by `wrap`.
    ///
    /// # Errors
    /// [`OpenFailure`] where the disk does not hold a journal of this desk.
    pub fn start_with(&mut self, wrap: impl FnOnce(MemoryStore) -> Box<dyn Store>) -> Result<Clerk, OpenFailure> {
        self.kill();
        let seed = self.world.draw();
        let store = match &self.disk {
            None => {
                let store = MemoryStore::create(&self.station, seed);
                self.disk = Some(store.disk());
                store
            }
            Some(disk) => MemoryStore::open(disk.clone(), &self.station, seed)?,
        };
        let screen = Arc::new(CapturedScreen::default());
        let (desk, handle) = Desk::start(Parts {
            station: self.station.clone(),
            rule_sets: self.world.rules.clone(),
            profiles: self.world.profiles.clone(),
            store: wrap(store),
            link: self.line.clone(),
            reader: Box::new(self.tray.reader()),
            printer: Box::new(self.papers.clone()),
            hall: Box::new(NoHall),
            id_reader: self.id_reader.take().unwrap_or_else(|| Box::new(NoIdReader)),
            intake: Arc::clone(&self.intake),
            screen: screen.clone(),
            clock: Arc::clone(&self.clock),
            entropy: Box::new(Seeded::new(seed ^ 0xDE5C)),
            signer: Arc::clone(&self.signer),
            verifier: Arc::new(PlainPasswords),
            staff_cards: Arc::new(StaffAuthority),
            practice: false,
        });
        let clerk = Clerk::at(handle.clone(), &screen);
        self.working = Some((handle, tokio::spawn(desk.run())));
        Ok(clerk)
    }

    /// # Errors
    /// As [`Rig::start_with`].
    pub fn start(&mut self) -> Result<Clerk, OpenFailure> {
        self.start_with(|store| Box::new(store))
    }

    /// Ends the desk as a power cut does: between two instructions, and nothing more is written.
    pub fn kill(&mut self) {
        if let Some((handle, task)) = self.working.take() {
            task.abort();
            drop(handle);
        }
    }

    /// True when the desk has ended by itself (a planned death of its store).
    #[must_use]
    pub fn ended(&self) -> bool {
        self.working.as_ref().is_none_or(|(_, task)| task.is_finished())
    }

    #[must_use]
    pub fn disk(&self) -> Option<MemoryDisk> {
        self.disk.clone()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.kill();
    }
}
