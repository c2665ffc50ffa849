//! Papers as PDF, and their way to a printer
