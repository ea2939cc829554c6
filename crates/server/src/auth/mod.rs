//! Who is calling, and what the caller may do: keys, tokens, passwords, and limits on guessing.
//! Only `standing` reads the store.

pub mod keys;
pub mod limiter;
pub mod password;
pub mod standing;
pub mod token;

/// Something that a caller may do, with its word in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Look at tickets and queues.
    ReadQueue,
    /// Take, call and end tickets.
    WriteQueue,
    /// Change what the office changes.
    AdminTenant,
    /// Pair and shut out stations.
    ManageDevices,
    /// Be the station that the token names.
    Station,
    /// Do all of this at every tenant, and make tenants.
    AdminAll,
}

impl Scope {
    /// The word in a token.
    pub fn word(self) -> &'static str {
        match self {
            Scope::ReadQueue => "read:queue",
            Scope::WriteQueue => "write:queue",
            Scope::AdminTenant => "admin:tenant",
            Scope::ManageDevices => "manage:devices",
            Scope::Station => "station",
            Scope::AdminAll => "admin:all",
        }
    }
}

/// What somebody is at a tenant. A role is stored; its scopes follow from it when a token is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs the server: every tenant.
    Superadmin,
    /// Runs a tenant: its users, sites, queues.
    TenantAdmin,
    /// Runs a branch: looks at everything, pairs and shuts out stations.
    Manager,
    /// Serves.
    Agent,
    /// A machine with a password of its own, such as a web page that takes tickets.
    Device,
}

impl Role {
    const ALL: [Role; 5] = [Role::Superadmin, Role::TenantAdmin, Role::Manager, Role::Agent, Role::Device];

    /// The words of the roles that a tenant's admin gives.
    pub const WORDS_OF_A_TENANT: [&str; 4] = ["tenant_admin", "manager", "agent", "device"];

    /// The word in the file and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Role::Superadmin => "superadmin",
            Role::TenantAdmin => "tenant_admin",
            Role::Manager => "manager",
            Role::Agent => "agent",
            Role::Device => "device",
        }
    }

    /// The role of a word.
    pub fn of_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What the role may do.
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Role::Superadmin => {
                &[Scope::ReadQueue, Scope::WriteQueue, Scope::AdminTenant, Scope::ManageDevices, Scope::AdminAll]
            }
            Role::TenantAdmin => &[Scope::ReadQueue, Scope::WriteQueue, Scope::AdminTenant, Scope::ManageDevices],
            Role::Manager => &[Scope::ReadQueue, Scope::WriteQueue, Scope::ManageDevices],
            Role::Agent | Role::Device => &[Scope::ReadQueue, Scope::WriteQueue],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_word_and_only_one_leaves_its_tenant() {
        for role in Role::ALL {
            assert_eq!(Role::of_word(role.word()), Some(role));
            let is_everywhere = role.scopes().contains(&Scope::AdminAll);
            assert_eq!(is_everywhere, role == Role::Superadmin);
            assert_eq!(Role::WORDS_OF_A_TENANT.contains(&role.word()), !is_everywhere);
        }
        assert_eq!(Role::of_word("root"), None);
    }
}
