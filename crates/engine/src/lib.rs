//! The station's mind: Input in, Effect and View out; sans-IO and unable to fail.
