//! What goes into a statement and what comes out of a row, in one form for both databases. Nothing here speaks to either.

/// A value that is kept or asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// Nothing.
    Null,
    /// A whole number, and the truth as 0 and 1.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A value where it lies, for the moment of handing it over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// A whole number, and the truth as 0 and 1.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
}

impl ValueRef<'_> {
    /// The value with memory of its own.
    pub fn to_stored(self) -> Stored {
        match self {
            ValueRef::Null => Stored::Null,
            ValueRef::Integer(number) => Stored::Integer(number),
            ValueRef::Real(number) => Stored::Real(number),
            ValueRef::Text(text) => Stored::Text(text.to_owned()),
            ValueRef::Blob(bytes) => Stored::Blob(bytes.to_vec()),
        }
    }
}

/// Whatever can be handed to a statement.
pub trait Bind {
    /// The value.
    fn value(&self) -> ValueRef<'_>;
}

impl Bind for Stored {
    fn value(&self) -> ValueRef<'_> {
        match self {
            Stored::Null => ValueRef::Null,
            Stored::Integer(number) => ValueRef::Integer(*number),
            Stored::Real(number) => ValueRef::Real(*number),
            Stored::Text(text) => ValueRef::Text(text),
            Stored::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }
}

macro_rules! whole_numbers {
    ($($kind:ty),*) => {$(
        impl Bind for $kind {
            fn value(&self) -> ValueRef<'_> {
                ValueRef::Integer(i64::from(*self))
            }
        }
    )*};
}
whole_numbers!(i64, i32, u32, u16, u8, bool);

impl Bind for f64 {
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Real(*self)
    }
}

impl Bind for str {
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl Bind for String {
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Text(self)
    }
}

impl Bind for [u8] {
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Blob(self)
    }
}

impl Bind for Vec<u8> {
    fn value(&self) -> ValueRef<'_> {
        ValueRef::Blob(self)
    }
}

impl<T: Bind> Bind for Option<T> {
    fn value(&self) -> ValueRef<'_> {
        self.as_ref().map_or(ValueRef::Null, Bind::value)
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    fn value(&self) -> ValueRef<'_> {
        (**self).value()
    }
}

/// The values of one statement, in the order of `?1`, `?2` and so on.
pub trait Params {
    /// How many there are.
    fn count(&self) -> usize;
    /// The one at a place, from 0.
    fn at(&self, place: usize) -> ValueRef<'_>;
}

impl<T: Bind> Params for &[T] {
    fn count(&self) -> usize {
        self.len()
    }

    fn at(&self, place: usize) -> ValueRef<'_> {
        self[place].value()
    }
}

impl Params for [&dyn Bind; 0] {
    fn count(&self) -> usize {
        0
    }

    fn at(&self, _place: usize) -> ValueRef<'_> {
        ValueRef::Null
    }
}

macro_rules! arrays {
    ($($length:literal),*) => {$(
        impl<T: Bind> Params for [T; $length] {
            fn count(&self) -> usize {
                $length
            }

            fn at(&self, place: usize) -> ValueRef<'_> {
                self[place].value()
            }
        }
    )*};
}
// Not for every length at once: `[]` must have one meaning only.
arrays!(1, 2, 3, 4);

/// Values of several kinds as the parameters of one statement.
#[macro_export]
#[doc(hidden)]
macro_rules! statement_parameters {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::ledger::store::Bind),*][..]
    };
}
pub use crate::statement_parameters as params;

/// Whatever can be read from a row.
pub trait FromValue: Sized {
    /// Reads it; nothing when the value is of another kind, or does not fit.
    fn from_value(value: ValueRef<'_>) -> Option<Self>;
}

macro_rules! read_whole_numbers {
    ($($kind:ty),*) => {$(
        impl FromValue for $kind {
            fn from_value(value: ValueRef<'_>) -> Option<$kind> {
                match value {
                    ValueRef::Integer(number) => <$kind>::try_from(number).ok(),
                    ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => None,
                }
            }
        }
    )*};
}
read_whole_numbers!(i64, i32, i8, u32, u8);

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Option<bool> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for f64 {
    fn from_value(value: ValueRef<'_>) -> Option<f64> {
        match value {
            ValueRef::Real(number) => Some(number),
            ValueRef::Integer(number) => Some(number as f64),
            ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Option<String> {
        match value {
            ValueRef::Text(text) => Some(text.to_owned()),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Blob(_) => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Option<Vec<u8>> {
        match value {
            ValueRef::Blob(bytes) => Some(bytes.to_vec()),
            ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) => None,
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Option<Option<T>> {
        match value {
            ValueRef::Null => Some(None),
            ValueRef::Integer(_) | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => {
                T::from_value(value).map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_what_it_is_and_only_when_it_fits() {
        assert_eq!(u8::from_value(ValueRef::Integer(255)), Some(255));
        assert_eq!(u8::from_value(ValueRef::Integer(256)), None);
        assert_eq!(i64::from_value(ValueRef::Text("1")), None);
        assert_eq!(Option::<i64>::from_value(ValueRef::Null), Some(None));
        assert_eq!(i64::from_value(ValueRef::Null), None);
        assert_eq!(bool::from_value(ValueRef::Integer(1)), Some(true));
        assert_eq!(f64::from_value(ValueRef::Integer(2)), Some(2.0));
    }

    #[test]
    fn parameters_of_several_kinds_stand_in_their_order() {
        let (text, none, bytes) = ("a", None::<i64>, vec![7u8]);
        let values: &[&dyn Bind] = params![1, text, none, true, bytes];
        assert_eq!(values.count(), 5);
        let read: Vec<Stored> = (0..5).map(|place| values.at(place).to_stored()).collect();
        let expected =
            [Stored::Integer(1), Stored::Text("a".to_owned()), Stored::Null, Stored::Integer(1), Stored::Blob(vec![7])];
        assert_eq!(read, expected);
    }
}
