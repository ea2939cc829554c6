//! The fault matrix as a standing test: whatever goes wrong with a printer, what is claimed is what fell into its tray.

use smartqueue_hardware::printer::Patience;
use smartqueue_tests::fault_matrix::{CASES, Matrix};
use smartqueue_tests::printer_program::PrinterPort;

#[test]
fn no_claim_differs_from_the_tray_under_any_fault() {
    let matrix = Matrix::run(&[PrinterPort::Tcp, PrinterPort::Pty], &CASES, 12, Patience::times(5)).unwrap();
    assert_eq!(matrix.rows.len(), 2 * CASES.len());
    let objections = matrix.objections();
    assert!(objections.is_empty(), "{objections:#?}\n{}\n{}", matrix.totals(), matrix.to_table());
}
