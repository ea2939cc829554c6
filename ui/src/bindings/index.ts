// Everything that crosses the door between the station and its faces. The types are made from the Rust code.

export * from "./door";
