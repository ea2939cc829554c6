//! Several rows in one statement where that saves something: to PostgreSQL each statement is a message, a plan to wake and an
//! answer, while a file does a small statement many times sooner than a large one once. This module never knows a table.

use super::values::Stored;
use super::{Connection, Error};
use std::sync::Arc;

/// So many rows go into one statement at most. More would hardly save anything, and each count is a statement of its own
/// that a session keeps ready.
const ROWS_A_STATEMENT: usize = 8;

impl Connection {
    /// Inserts rows. In the statement, `{rows}` stands for their values; it may not meet the same row twice.
    pub(in crate::ledger) fn insert_rows(&self, statement: &'static str, rows: Vec<Vec<Stored>>) -> Result<(), Error> {
        let sql = |rows, columns| statement.replace("{rows}", &places(rows, columns, 0));
        self.in_chunks(statement, rows, sql)
    }

    /// Sets columns of rows that are there; each row is its key and then the columns' values, all of them whole numbers.
    pub(in crate::ledger) fn update_rows(
        &self,
        table: &'static str,
        columns: &[&str],
        rows: Vec<Vec<Stored>>,
    ) -> Result<(), Error> {
        let set = |value: &dyn Fn(usize) -> String| {
            let set: Vec<String> =
                columns.iter().zip(2..).map(|(column, place)| format!("{column} = {}", value(place))).collect();
            set.join(", ")
        };
        self.in_chunks(table, rows, |rows, values| match rows {
            1 => format!("UPDATE {table} SET {} WHERE id = ?1", set(&|place| format!("?{place}"))),
            _ => format!(
                "UPDATE {table} SET {} FROM (VALUES {}) AS given WHERE {table}.id = given.column1",
                set(&|place| format!("given.column{place}")),
                asked(rows, &vec![Kind::Whole; values], 0)
            ),
        })
    }

    /// Does a statement with as many rows at a time as are good for the database.
    fn in_chunks(
        &self,
        what: &'static str,
        rows: Vec<Vec<Stored>>,
        sql: impl Fn(usize, usize) -> String,
    ) -> Result<(), Error> {
        let at_once = if self.is_postgres() { ROWS_A_STATEMENT } else { 1 };
        for chunk in rows.chunks(at_once) {
            let columns = chunk.first().map_or(0, Vec::len);
            let text = self.text(what, chunk.len(), || sql(chunk.len(), columns));
            match chunk {
                [row] => self.prepare_cached(&text)?.run(&row[..])?,
                several => self.prepare_cached(&text)?.run(&several.concat()[..])?,
            }
        }
        Ok(())
    }

    /// The text of a statement for so many rows, written once. `what` is its alone.
    pub(in crate::ledger) fn text(&self, what: &'static str, rows: usize, write: impl FnOnce() -> String) -> Arc<str> {
        Arc::clone(self.texts.borrow_mut().entry((what, rows)).or_insert_with(|| write().into()))
    }
}

/// `(?1, ?2), (?3, ?4)`: places for rows of values, behind those that a statement has already.
fn places(rows: usize, columns: usize, before: usize) -> String {
    asked(rows, &vec![Kind::Text; columns], before)
}

/// What stands in a column of values where nothing else tells PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) enum Kind {
    /// A whole number.
    Whole,
    /// A text, or whatever the place of the values says.
    Text,
}

/// Places for rows of values of these kinds, behind those that a statement has already.
pub(in crate::ledger) fn asked(rows: usize, kinds: &[Kind], before: usize) -> String {
    let row = |row: usize| {
        let value = |(kind, place): (&Kind, usize)| match kind {
            Kind::Whole => format!("CAST(?{place} AS BIGINT)"),
            Kind::Text => format!("?{place}"),
        };
        let values: Vec<String> = kinds.iter().zip(before + row * kinds.len() + 1..).map(value).collect();
        format!("({})", values.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `?3, ?4`: places for a list of values, behind those that a statement has already.
pub(in crate::ledger) fn list(values: usize, before: usize) -> String {
    (before + 1..=before + values).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_through() {
        assert_eq!(places(2, 2, 0), "(?1, ?2), (?3, ?4)");
        assert_eq!(asked(2, &[Kind::Whole, Kind::Text], 3), "(CAST(?4 AS BIGINT), ?5), (CAST(?6 AS BIGINT), ?7)");
        assert_eq!(list(3, 1), "?2, ?3, ?4");
    }

    #[test]
    fn each_row_gets_its_own_values() {
        let connection = Connection::from(rusqlite::Connection::open_in_memory().unwrap());
        connection.execute_batch("CREATE TABLE a (id INTEGER PRIMARY KEY, one INTEGER, two INTEGER)").unwrap();
        let rows = |base: i64| -> Vec<Vec<Stored>> {
            (1..=20).map(|id| [id, base + id, base - id].map(Stored::Integer).to_vec()).collect()
        };
        connection.insert_rows("INSERT INTO a (id, one, two) VALUES {rows}", rows(100)).unwrap();
        let again = "INSERT INTO a (id, one, two) VALUES {rows} ON CONFLICT (id) DO UPDATE SET one = excluded.one";
        connection.insert_rows(again, rows(200)).unwrap();
        let sums = |connection: &Connection| -> (i64, i64) {
            connection
                .query_row("SELECT sum(one - id), sum(two + id) FROM a", [], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
        };
        assert_eq!(sums(&connection), (20 * 200, 20 * 100));
        connection.update_rows("a", &["two", "one"], rows(300)).unwrap();
        let crossed: i64 = connection
            .query_row("SELECT count(*) FROM a WHERE two = 300 + id AND one = 300 - id", [], |row| row.get(0))
            .unwrap();
        assert_eq!(crossed, 20);
    }
}
