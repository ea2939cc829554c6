//! Sessions with PostgreSQL over TLS: every one of them is, the listening one as well, and a database that is not the one
//! that was meant is refused in words that say why.

use crate::cluster::{Cluster, Papers, cluster};
use crate::house::{Ground, HouseOn, Socket};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use smartqueue_server::Place;
use smartqueue_server::ledger::store::{Connection, Database};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The name for which the server has its certificate; nobody looks it up.
const NAME: &str = "db.bank.example";

/// A PostgreSQL server with a certificate of an authority of its own, and the roots that people may have.
struct Vault {
    cluster: Cluster,
    /// The authority that signed the server's certificate.
    root: PathBuf,
    /// Another of the same name.
    other_root: PathBuf,
}

/// An authority that signs certificates.
pub fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "An authority of one's own");
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn vault() -> &'static Vault {
    static VAULT: OnceLock<Vault> = OnceLock::new();
    VAULT.get_or_init(|| {
        let (authority, other) = (authority(), authority());
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let papers = Papers { certificate: certificate.pem(), key: key.serialize_pem() };
        let cluster = Cluster::start_over_tls(&papers).unwrap();
        let (root, other_root) = (cluster.folder().join("root.pem"), cluster.folder().join("other root.pem"));
        std::fs::write(&root, authority.pem()).unwrap();
        std::fs::write(&other_root, other.pem()).unwrap();
        Vault { cluster, root, other_root }
    })
}

/// The parameters of an address for a mode and a root.
fn checked(mode: &str, root: &Path) -> String {
    format!("sslmode={mode}&sslrootcert={}", root.display().to_string().replace(' ', "%20"))
}

/// On a database that is reached over TLS by whoever trusts its authority, with a password that is bound to the session.
struct Encrypted;

impl Ground for Encrypted {
    fn place(_folder: &Path) -> (Place, [String; 2]) {
        let local = vault().cluster.fresh_database().unwrap();
        let name = local.rsplit('/').next().unwrap();
        let parameters = format!("channel_binding=require&{}", checked("verify-full", &vault().root));
        let address = vault().cluster.network_address(NAME, name, &parameters);
        (Place::Postgres(Database::postgres(&address).unwrap()), ["--database-url".to_owned(), address])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_work_with_their_database_over_tls_and_nothing_goes_beside_it() {
    let house = HouseOn::<Encrypted>::open().await;
    let other = house.another_server().await;
    let address = format!("ws://{}/ws/tenants/demo/queues/{}/", other.address(), house.queue("B"));
    let mut board = Socket::open(&address, &house.token("device_token")).await.unwrap();
    board.event().await;
    let ticket = house.take("B").await;
    // The other server heard of it by its listening session.
    assert_eq!(board.event_of("ticket.created").await["ticket"]["id"], ticket["id"]);
    let database = house.premises.arguments()[1].split(['/', '?']).nth(3).unwrap().to_owned();
    let sessions = |condition: &str| -> u32 {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = '{database}' AND {condition}"
        );
        vault().cluster.command("postgres", &sql).unwrap().parse().unwrap()
    };
    assert_eq!(sessions("NOT ssl"), 0);
    // The ear of the program that made the house may still be on its way out.
    let left = tokio::time::timeout(Duration::from_secs(30), async {
        while sessions("ssl AND application_name = 'smartqueue-ear'") != 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    left.await.unwrap();
    assert!(sessions("ssl AND application_name = 'smartqueue-server'") >= 2);
    other.stop().await.unwrap();
}

/// Opens a session; whether it is encrypted, or the words with which it was refused. On a thread of its own, for a session
/// waits where a story's own thread may not.
fn try_to_open(address: &str) -> Result<bool, String> {
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| {
            let database = Database::postgres(address).map_err(|error| error.to_string())?;
            let connection = Connection::open(&database).map_err(|error| error.to_string())?;
            let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
            connection.query_row(sql, [], |row| row.get(0)).map_err(|error| error.to_string())
        });
        opening.join().unwrap()
    })
}

#[tokio::test]
async fn the_address_says_whom_a_session_trusts() {
    let Vault { cluster, root, other_root } = vault();
    let at = |name: &str, parameters: &str| try_to_open(&cluster.network_address(name, "postgres", parameters));
    assert_eq!(at(NAME, "sslmode=disable"), Ok(false));
    for parameters in ["", "sslmode=prefer", "sslmode=require"] {
        assert_eq!(at("elsewhere.example", parameters), Ok(true), "{parameters}");
    }
    for mode in ["require", "verify-ca"] {
        assert_eq!(at("elsewhere.example", &checked(mode, root)), Ok(true), "{mode}");
        let refused = at(NAME, &checked(mode, other_root)).unwrap_err();
        assert!(refused.contains("TLS") && refused.contains("invalid peer certificate"), "{mode}: {refused}");
    }
    assert_eq!(at(NAME, &checked("verify-full", root)), Ok(true));
    let refused = at("elsewhere.example", &checked("verify-full", root)).unwrap_err();
    assert!(refused.contains("not valid for name") && refused.contains(NAME), "{refused}");
    let refused = at(NAME, &checked("verify-full", other_root)).unwrap_err();
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    // No authority of the world's has signed it.
    assert!(at(NAME, "sslmode=verify-full").is_err());
}

#[tokio::test]
async fn the_command_line_says_why_a_database_is_refused() {
    let Vault { cluster: vault_cluster, root, other_root } = vault();
    let plain = cluster().fresh_database().unwrap();
    for (address, code, words) in [
        (format!("{plain}?sslmode=require"), 1, "server does not support TLS"),
        (vault_cluster.network_address(NAME, "postgres", &checked("verify-full", other_root)), 1, "peer certificate"),
        (vault_cluster.network_address("elsewhere.example", "postgres", &checked("verify-full", root)), 1, NAME),
        (format!("{plain}?sslmode=verify-full&sslrootcert=/nowhere/root.pem"), 2, "/nowhere/root.pem"),
        (format!("{plain}?sslmode=surely"), 2, "verify-full"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_smartqueue-server"))
            .args(["migrate", "--database-url", &address])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(code), true), "{address}: {said}");
        assert!(said.contains(words) && !said.contains("ouvre-toi"), "{address}: {said}");
    }
}

#[tokio::test]
async fn every_command_takes_the_address_in_words_as_well() {
    let Vault { cluster, root, .. } = vault();
    let local = cluster.fresh_database().unwrap();
    let database = local.rsplit('/').next().unwrap();
    let url = cluster.network_address(NAME, database, "");
    // Who is asked, and with which password, is the cluster's own affair.
    let (_, rest) = url.split_once("://").unwrap();
    let (user, password) = rest.split('@').next().unwrap().split_once(':').unwrap();
    let place = url.split("hostaddr=").nth(1).unwrap().trim_end_matches('&');
    let words = |root: &Path| {
        let root = root.display();
        format!(
            "host={NAME} hostaddr={place} user={user} password='{password}' dbname={database} \
             sslmode=verify-full sslrootcert='{root}'"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], root: &Path| {
        Command::new(env!("CARGO_BIN_EXE_smartqueue-server"))
            .args(arguments)
            .current_dir(folder.path())
            .env("SMARTQUEUE_DATABASE_URL", words(root))
            .output()
            .unwrap()
    };
    let admin = ["invite-admin", "--tenant", "bank", "--email", "a@bank.example", "--name", "Awa"];
    for arguments in [&["migrate"][..], &["seed-demo"], &admin, &["after-restore"]] {
        let output = run(arguments, root);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
    }
    let output = run(&["migrate"], Path::new("/nowhere/root.pem"));
    assert_eq!(output.status.code(), Some(2), "the words about trust are read");
    // What has no place in a database says so for both forms.
    for arguments in [["backup", "--to", "x"], ["restore", "--from", "x"]] {
        let output = run(&arguments, root);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains("pg_dump"), "{arguments:?}: {said}");
    }
}
