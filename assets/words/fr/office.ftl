# The office page, as a manager reads it.
office-page = Pilotage
office-overview = En ce moment
office-waiting = En attente
office-longest = La plus longue attente
office-agents = Agents disponibles
office-called = Appelés ou servis
office-nobody = personne
office-closed = fermée
office-no-queues = Aucune file n’est définie.
office-stations = Bornes et écrans
office-no-stations = Aucune borne ni aucun écran n’est associé.
office-mode-kiosk = Borne
office-mode-board = Écran
office-mode-all = Borne et écran
office-online = En ligne
office-silent = Muet depuis { $time }
office-never = Jamais entendu
office-revoked = Exclu
office-no-faults = Tout va bien
office-unsent = { $count ->
    [0] Tout est envoyé
    [one] { $count } enregistrement à envoyer
    [many] { $count } enregistrements à envoyer
   *[other] { $count } enregistrements à envoyer
}
office-tickets = Tickets du jour
office-tickets-last = Les { $count } derniers tickets du jour
office-no-tickets = Aucun ticket aujourd’hui.
office-number = Numéro
office-queue = File
office-taken = Pris à
office-status = État
office-counter = Guichet
office-status-waiting = attend
office-status-called = appelé
office-status-serving = en service
office-status-done = servi
office-status-missed = absent
office-status-held = mis de côté
office-status-cancelled = annulé
office-fresh = État de { $time }
office-stale = Pas de nouvelles du serveur depuis { $time }
