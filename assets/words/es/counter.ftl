# The counter page, as a clerk reads it all day.
counter-page = Ventanilla
counter-page-at = Ventanilla { $counter }
choose-counter-title = ¿En qué ventanilla está?
choose-counter-help = El número de la ventanilla se muestra y se anuncia en cada llamada.
choose-counter-none = No hay ninguna ventanilla definida en este lugar. Pregunte a su responsable.
choose-counter-taken = hay un compañero
change-counter = Cambiar de ventanilla
status = Su estado
status-disponible = Disponible
status-occupe = Ocupado
status-pause = En pausa
status-hors_ligne = Ausente
told-status-disponible = Está disponible.
told-status-occupe = Está ocupado.
told-status-pause = Está en pausa. No se llama a nadie a su ventanilla.
told-status-hors_ligne = Ha dejado la ventanilla.
action-call_next = Llamar al siguiente
action-start = Empezar
action-end = Terminar
action-resume = Reanudar el servicio
action-end_and_next = Terminar y llamar al siguiente
action-recall = Volver a llamar
action-no_show = No se presentó
action-hold = Poner en espera
action-transfer = Transferir…
action-cancel = Anular…
action-call = Llamar
action-call_again = Llamar otra vez
told-call_next = { $number } llamado a la ventanilla { $counter }.
told-call = { $number } llamado a la ventanilla { $counter }.
told-recall = { $number } llamado de nuevo.
told-start = { $number } está siendo atendido.
told-end = { $number } terminado.
told-no_show = { $number } marcado como no presentado.
told-hold = { $number } puesto en espera.
told-cancel = { $number } anulado.
told-transfer = { $number } espera ahora en «{ $queue }».
told-nobody = Nadie espera.
told-checked = La pantalla está actualizada de nuevo. Compruebe antes de seguir.
trouble-title-call_next = No se ha podido llamar a nadie
trouble-title-ticket = { $number }: la acción no se ha completado
trouble-title-other = La acción no se ha completado
trouble-unsure = Aún no se sabe si el servidor lo hizo. Los botones vuelven en cuanto se compruebe.
desk-now = Turno en ventanilla
desk-free = Ventanilla libre
desk-paused = Está en pausa
desk-paused-help = Sus compañeros llaman a quienes esperan.
desk-called = Llamado a las { $time }
desk-serving = En atención desde las { $time }
desk-waited = Esperó
desk-since = Desde la llamada
desk-duration = Tiempo de atención
desk-nudge = ¿No viene nadie? Vuelva a llamar o márquelo como no presentado.
desk-priority = Prioritario
waiting-title = Quién espera
waiting-count = { $count ->
    [0] Nadie espera
    [one] { $count } persona espera
    [many] { $count } personas esperan
   *[other] { $count } personas esperan
}
waiting-and = { $count } · { $longest }
waiting-longest = la que más, desde hace { $minutes }
waiting-more = { $count ->
    [one] y { $count } más
    [many] y { $count } más
   *[other] y { $count } más
}
waiting-nobody = Nadie
waiting-loading = Leyendo la lista…
hold-title = En espera conmigo
hold-none = Ningún turno apartado.
recent-title = Últimos turnos
recent-none = Nada todavía hoy.
recent-done = atendido
recent-no_show = no se presentó
transfer-title = Transferir { $number } a…
transfer-help = La persona conserva su número y espera en la otra cola.
transfer-none = No hay otra cola abierta.
cancel-title = ¿Anular el turno { $number }?
cancel-help = No se volverá a llamar a la persona. No se puede deshacer.
cancel-confirm = Anular el turno
cancel-keep = Conservar el turno
help-title = Atajos de teclado
help-primary = El botón grande
help-next = Llamar al siguiente, terminando antes la atención en curso
help-pause = Pausa, o volver de ella
help-help = Esta ayuda
help-open = Atajos
key-space = Espacio
key-enter = Intro
