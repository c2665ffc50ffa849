//! HTTPS client of the centre
