//! Card simulator with faults; also the stand-alone card for the virtual PC/SC reader
