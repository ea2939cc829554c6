# The follow page, as a customer reads it on a phone.
follow-title = Seguir mi turno
follow-waiting = Está en la cola
follow-called = Es su turno
follow-serving = Le están atendiendo
follow-done = Visita terminada
follow-done-help = Gracias por su visita.
follow-missed = Le han llamado
follow-missed-help = Preséntese en recepción con su número: pueden volver a llamarle.
follow-held = Su turno está apartado
follow-held-help = Volverán a llamarle. Permanezca cerca.
follow-cancelled = Este turno está anulado
follow-cancelled-help = Saque un nuevo turno en el quiosco si lo necesita.
follow-counter = Ventanilla { $counter }
follow-ahead = { $count ->
    [0] Usted es el siguiente
    [one] { $count } persona antes que usted
    [many] { $count } personas antes que usted
   *[other] { $count } personas antes que usted
}
follow-wait = { $count ->
    [one] unos { $count } minuto
    [many] unos { $count } minutos
   *[other] unos { $count } minutos
}
follow-soon = en un momento
follow-near = Su turno se acerca
follow-near-help = Vuelva a la sala y no se aleje.
follow-unknown = No se encuentra este turno
follow-unknown-help = Quizá sea demasiado antiguo o el código se leyó mal. Escanee de nuevo el código de su turno o pregunte en recepción.
follow-away = Sin conexión por el momento
follow-stale = Estado de las { $time }
follow-stale-help = La página se actualiza en cuanto vuelva la conexión. Su lugar está guardado; mire también la pantalla de la sala.
follow-foot = Mantenga esta página abierta. El número también aparece en la pantalla de la sala.
