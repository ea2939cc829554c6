//! The lobby in a box: layer test, stories, app tests, benchmarks.
