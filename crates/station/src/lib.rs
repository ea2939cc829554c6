//! The station's body: one loop, a worker per effect, and a headless binary.
