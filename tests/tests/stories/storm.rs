//! A short storm: two kiosks and a server of shipped programs, killed in random turn. `kill_storm` does it 300 times.

use smartqueue_tests::kill_storm::live_through;

#[test]
fn twelve_kills_in_random_turn_lose_no_ticket_and_print_none_twice() {
    let storm = live_through(12, 4, 7).unwrap();
    assert!(storm.held(), "{}", storm.report());
    assert!(storm.papers >= 20, "too few papers to mean anything: {}", storm.report());
    assert_eq!(storm.kills.iter().sum::<u64>(), 12);
}
