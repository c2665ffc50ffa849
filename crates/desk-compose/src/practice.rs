//! The line in practice mode: there is none.

use async_trait::async_trait;
use desk_app::ports::{Answered, CentreLink, LinkFailure};
use desk_domain::{
    code::Code,
    id::{RequestId, SessionToken},
};
use desk_wire::v1::Request;

pub(crate) struct NoLine;

#[async_trait]
impl CentreLink for NoLine {
    async fn call(&self, _id: RequestId, _session: Option<&SessionToken>, _request: &Request) -> Result<Answered, LinkFailure> {
        Err(LinkFailure { code: Code::CentreUnreachable, detail: "practice".to_owned() })
    }
}
