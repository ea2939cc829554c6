# The counter page, as a clerk reads it all day.
counter-page = Guichet
counter-page-at = Guichet { $counter }
choose-counter-title = À quel guichet êtes-vous ?
choose-counter-help = Le numéro du guichet s’affiche et s’annonce à chaque appel.
choose-counter-none = Aucun guichet n’est défini pour ce site. Demandez à votre responsable.
choose-counter-taken = un collègue y est
change-counter = Changer de guichet
status = Votre état
status-disponible = Disponible
status-occupe = Occupé
status-pause = En pause
status-hors_ligne = Absent du guichet
told-status-disponible = Vous êtes disponible.
told-status-occupe = Vous êtes occupé.
told-status-pause = Vous êtes en pause. Personne n’est appelé à votre guichet.
told-status-hors_ligne = Vous avez quitté le guichet.
action-call_next = Appeler le suivant
action-start = Commencer
action-end = Terminer
action-resume = Reprendre le service
action-end_and_next = Terminer et appeler le suivant
action-recall = Rappeler
action-no_show = Absent
action-hold = Mettre en attente
action-transfer = Transférer…
action-cancel = Annuler…
action-call = Appeler
action-call_again = Appeler de nouveau
told-call_next = { $number } est appelé au guichet { $counter }.
told-call = { $number } est appelé au guichet { $counter }.
told-recall = { $number } est rappelé.
told-start = { $number } est en service.
told-end = { $number } est terminé.
told-no_show = { $number } est noté absent.
told-hold = { $number } est mis en attente.
told-cancel = { $number } est annulé.
told-transfer = { $number } attend maintenant dans « { $queue } ».
told-nobody = Personne n’attend.
told-checked = L’écran est de nouveau à jour. Vérifiez avant de continuer.
trouble-title-call_next = Personne n’a pu être appelé
trouble-title-ticket = { $number } : l’action n’a pas abouti
trouble-title-other = L’action n’a pas abouti
trouble-unsure = On ne sait pas encore si le serveur l’a fait. Les boutons reviennent dès que c’est vérifié.
desk-now = Ticket au guichet
desk-free = Guichet libre
desk-paused = Vous êtes en pause
desk-paused-help = Les personnes qui attendent sont appelées par vos collègues.
desk-called = Appelé à { $time }
desk-serving = En service depuis { $time }
desk-waited = A attendu
desk-since = Depuis l’appel
desk-duration = Durée du service
desk-nudge = Personne ne vient ? Rappelez, ou notez la personne absente.
desk-priority = Prioritaire
waiting-title = Qui attend
waiting-count = { $count ->
    [0] Personne n’attend
    [one] { $count } personne attend
    [many] { $count } personnes attendent
   *[other] { $count } personnes attendent
}
waiting-and = { $count } · { $longest }
waiting-longest = la plus ancienne depuis { $minutes }
waiting-more = { $count ->
    [one] et { $count } autre
    [many] et { $count } autres
   *[other] et { $count } autres
}
waiting-nobody = Personne
waiting-loading = Lecture de la liste…
hold-title = En attente chez moi
hold-none = Aucun ticket mis de côté.
recent-title = Derniers tickets
recent-none = Rien encore aujourd’hui.
recent-done = servi
recent-no_show = absent
transfer-title = Transférer { $number } vers…
transfer-help = La personne garde son numéro et attend dans l’autre file.
transfer-none = Aucune autre file n’est ouverte.
cancel-title = Annuler le ticket { $number } ?
cancel-help = La personne ne sera plus appelée. Cela ne se défait pas.
cancel-confirm = Annuler le ticket
cancel-keep = Garder le ticket
help-title = Raccourcis du clavier
help-primary = Le grand bouton
help-next = Appeler le suivant, en terminant d’abord le service en cours
help-pause = Pause, ou retour de pause
help-help = Cette aide
help-open = Raccourcis
key-space = Espace
key-enter = Entrée
