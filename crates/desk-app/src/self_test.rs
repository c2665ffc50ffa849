//! S-27: the devices test themselves when the day is opened: card reader, printer, reader of documents, and the hall's second
//! screen where there is one. One that fails is named; the day may be opened all the same.

use desk_domain::code::{Code, Message};

use crate::{
    desk::{Desk, Place},
    documents::Test,
    hall::HallJob,
    present::figure,
    press::Job,
    view::FigureView,
};

/// Devices that answer by mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Device {
    Printer,
    IdReader,
    Hall,
}

impl Device {
    fn label(self) -> &'static str {
        match self {
            Self::Printer => "打印机",
            Self::IdReader => "证件阅读器",
            Self::Hall => "叫号评价屏",
        }
    }
}

const READER: &str = "读卡器";

/// What the devices said of themselves when the day was opened.
#[derive(Debug, Default)]
pub(crate) struct SelfTest {
    /// Those that this window has; none yet where it has not answered.
    devices: Vec<(Device, Option<Result<(), Message>>)>,
}

impl Desk {
    /// Asks every device that this window has; the answers come by mail and hold up nothing.
    pub(crate) fn test_devices(&mut self) {
        let mut devices = vec![(Device::Printer, None)];
        self.sheets.send(Job::Test).ok();
        if self.has_id_reader {
            devices.push((Device::IdReader, None));
            self.document_tests.send(Test).ok();
        }
        if self.hall.present {
            devices.push((Device::Hall, None));
            self.hall_jobs.send(HallJob::Test).ok();
        }
        self.self_test = SelfTest { devices };
    }

    pub(crate) fn device_tested(&mut self, device: Device, end: Result<(), Message>) {
        if let Err(message) = &end {
            tracing::warn!(device = device.label(), code = message.code.as_str(), "self-test failed");
        }
        if let Some((_, said)) = self.self_test.devices.iter_mut().find(|(known, _)| *known == device) {
            *said = Some(end);
        }
    }

    /// Names of the devices that failed. The card reader is looked at as it is now: it may be plugged in meanwhile.
    pub(crate) fn failed_devices(&self) -> Vec<String> {
        let reader = self.reader_trouble().filter(|message| message.code != Code::NoCard).map(|_| READER);
        let others = self.self_test.devices.iter().filter(|(_, said)| matches!(said, Some(Err(_)))).map(|(device, _)| device.label());
        reader.into_iter().chain(others).map(str::to_owned).collect()
    }

    /// Which device failed, while the day is being opened.
    pub(crate) fn device_warning(&self) -> Option<Message> {
        let failed = self.failed_devices();
        (!failed.is_empty()).then(|| Message::new(Code::DeviceFail).with("device", failed.join("、")))
    }

    /// All devices in one line.
    pub(crate) fn devices_view(&self) -> Vec<FigureView> {
        if !matches!(self.place, Place::DayOpen { .. }) {
            return Vec::new();
        }
        let reader = match self.reader_trouble().filter(|message| message.code != Code::NoCard) {
            None => figure(READER, "正常".to_owned(), "good"),
            Some(message) => figure(READER, message.text(), "warn"),
        };
        let others = self.self_test.devices.iter().map(|(device, said)| match said {
            None => figure(device.label(), "自检中".to_owned(), "plain"),
            Some(Ok(())) => figure(device.label(), "正常".to_owned(), "good"),
            Some(Err(message)) => figure(device.label(), message.text(), "warn"),
        });
        std::iter::once(reader).chain(others).collect()
    }
}
