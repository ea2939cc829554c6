# The office page, as a manager reads it.
office-page = Gestión
office-overview = En este momento
office-waiting = En espera
office-longest = La espera más larga
office-agents = Agentes disponibles
office-called = Llamados o en atención
office-nobody = nadie
office-closed = cerrada
office-no-queues = No hay ninguna cola definida.
office-stations = Quioscos y pantallas
office-no-stations = No hay ningún quiosco ni pantalla asociados.
office-mode-kiosk = Quiosco
office-mode-board = Pantalla
office-mode-all = Quiosco y pantalla
office-online = En línea
office-silent = En silencio desde las { $time }
office-never = Nunca oído
office-revoked = Excluido
office-no-faults = Todo va bien
office-unsent = { $count ->
    [0] Todo está enviado
    [one] { $count } registro por enviar
    [many] { $count } registros por enviar
   *[other] { $count } registros por enviar
}
office-tickets = Turnos de hoy
office-tickets-last = Los últimos { $count } turnos de hoy
office-no-tickets = Ningún turno hoy.
office-number = Número
office-queue = Cola
office-taken = Sacado a las
office-status = Estado
office-counter = Ventanilla
office-status-waiting = espera
office-status-called = llamado
office-status-serving = en atención
office-status-done = atendido
office-status-missed = no se presentó
office-status-held = apartado
office-status-cancelled = anulado
office-fresh = Estado de las { $time }
office-stale = Sin noticias del servidor desde las { $time }
