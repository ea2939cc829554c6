# The kiosk, as its visitors and the staff behind its PIN read it.
kiosk-title = Tome su turno
kiosk-choose = Toque el servicio que necesita.
kiosk-services = Servicios
kiosk-languages = Idioma
kiosk-display = Pantalla
kiosk-large-text = Texto grande
kiosk-contrast = Alto contraste
kiosk-low-reach = Botones abajo
kiosk-waiting = { $count ->
    [0] Nadie espera
    [one] { $count } persona espera
    [many] { $count } personas esperan
   *[other] { $count } personas esperan
}
kiosk-tile-closed = Cerrado
kiosk-tile-full = Completo por hoy
kiosk-offline = No hay red. Aun así puede tomar un turno.
kiosk-no-paper = Ahora no hay turnos en papel. Su número aparecerá en la pantalla.
kiosk-broken = Este equipo no puede dar turnos. Diríjase a recepción.
kiosk-issuing = Su turno está llegando
kiosk-your-number = Su número
kiosk-people-ahead = { $count ->
    [0] Nadie antes de usted
    [one] { $count } persona antes de usted
    [many] { $count } personas antes de usted
   *[other] { $count } personas antes de usted
}
kiosk-wait = Espera
kiosk-where = Tome asiento en la sala de espera. Su número aparecerá en la pantalla.
kiosk-print-printing = Su turno se está imprimiendo
kiosk-print-printed = Recoja su turno
kiosk-print-unconfirmed = Su turno debería estar impreso
kiosk-print-unconfirmed-help = Si no sale, anote su número: está guardado.
kiosk-print-failed = No se pudo imprimir su turno
kiosk-print-failed-help = Su número está guardado. Anótelo o haga una foto de la pantalla.
kiosk-print-unknown = No sabemos si su turno ha salido
kiosk-print-unknown-help = Su número está guardado. Anótelo o haga una foto de la pantalla.
kiosk-acknowledge = Ya tengo mi número
kiosk-finish = Terminar
kiosk-follow = Siga su turno en el teléfono
kiosk-follow-help = Escanee este código.
kiosk-follow-code = Código para seguir el turno { $number }
kiosk-home = Volver al inicio
kiosk-closed-hours = Estamos cerrados
kiosk-closed-hours-help = Los turnos se dan en horario de apertura.
kiosk-closed-paused = Este equipo está en pausa
kiosk-closed-paused-help = Diríjase a recepción.
kiosk-closed-no_service = Ningún servicio está abierto
kiosk-closed-no_service-help = Vuelva un poco más tarde o diríjase a recepción.
kiosk-starting = El equipo se está iniciando
kiosk-starting-help = Espera su configuración. Tardará unos instantes.
kiosk-more-time = ¿Necesita más tiempo?
kiosk-more-time-left = { $seconds ->
    [one] Vuelta al inicio en { $seconds } segundo.
    [many] Vuelta al inicio en { $seconds } segundos.
   *[other] Vuelta al inicio en { $seconds } segundos.
}
kiosk-more-time-yes = Sí, continúo
kiosk-more-time-no = No, he terminado
kiosk-corner = Acceso del personal
unlock-title = Acceso del personal
unlock-ask = Introduzca su código.
unlock-wrong_pin = El código no es correcto. Inténtelo de nuevo.
unlock-locked_out = Demasiados intentos. Espere unos minutos y vuelva a intentarlo.
maintenance-title = Mantenimiento
maintenance-state = Estado del equipo
maintenance-printer = Impresora
maintenance-server = Servidor
maintenance-journal = Registro
maintenance-sound = Sonido
maintenance-clock = Reloj
maintenance-ok = En orden
maintenance-journal-unsent = { $count ->
    [0] Todo está enviado al servidor
    [one] { $count } registro por enviar
    [many] { $count } registros por enviar
   *[other] { $count } registros por enviar
}
maintenance-since = Desde { $time }
maintenance-tickets = Últimos turnos
maintenance-no-tickets = Hoy no se ha tomado ningún turno en este equipo.
maintenance-reprint = Reimprimir
maintenance-reprint-number = Reimprimir el turno { $number }
maintenance-test-print = Imprimir una prueba
maintenance-test-sound = Probar el sonido
maintenance-pause = Poner en pausa
maintenance-resume = Volver a dar servicio
maintenance-setup = Abrir la configuración
maintenance-leave = Volver al equipo
maintenance-sent = Solicitado.
maintenance-version = Versión { $version }
print-issued = Aún sin imprimir
print-printing = Imprimiendo
print-printed = Impreso
print-unconfirmed = Seguramente impreso
print-failed = No impreso
print-unknown = Impresión dudosa
connection-online = Conectado
connection-connecting = Conectando
connection-offline = Sin conexión
connection-standalone = Sin servidor
