//! The central queue server: REST, WebSocket, an embedded SQLite file.
