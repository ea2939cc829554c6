# The kiosk, as its visitors and the staff behind its PIN read it.
kiosk-title = Prenez votre ticket
kiosk-choose = Touchez le service qu’il vous faut.
kiosk-services = Services
kiosk-languages = Langue
kiosk-display = Affichage
kiosk-large-text = Grand texte
kiosk-contrast = Contraste élevé
kiosk-low-reach = Boutons en bas
kiosk-waiting = { $count ->
    [0] Personne n’attend
    [one] { $count } personne attend
    [many] { $count } personnes attendent
   *[other] { $count } personnes attendent
}
kiosk-tile-closed = Fermé
kiosk-tile-full = Complet pour aujourd’hui
kiosk-offline = Le réseau est coupé. Vous pouvez quand même prendre un ticket.
kiosk-no-paper = Pas de ticket papier pour le moment. Votre numéro s’affichera à l’écran.
kiosk-broken = Cette borne ne peut pas donner de ticket. Adressez-vous à l’accueil.
kiosk-issuing = Votre ticket arrive
kiosk-your-number = Votre numéro
kiosk-people-ahead = { $count ->
    [0] Personne avant vous
    [one] { $count } personne avant vous
    [many] { $count } personnes avant vous
   *[other] { $count } personnes avant vous
}
kiosk-wait = Attente
kiosk-where = Installez-vous dans la salle d’attente. Votre numéro s’affichera sur l’écran.
kiosk-print-printing = Votre ticket s’imprime
kiosk-print-printed = Prenez votre ticket
kiosk-print-unconfirmed = Votre ticket devrait être imprimé
kiosk-print-unconfirmed-help = S’il ne sort pas, notez votre numéro : il est bien enregistré.
kiosk-print-failed = Votre ticket n’a pas pu être imprimé
kiosk-print-failed-help = Votre numéro est bien enregistré. Notez-le ou prenez l’écran en photo.
kiosk-print-unknown = Nous ne savons pas si votre ticket est sorti
kiosk-print-unknown-help = Votre numéro est bien enregistré. Notez-le ou prenez l’écran en photo.
kiosk-acknowledge = J’ai noté mon numéro
kiosk-finish = Terminer
kiosk-follow = Suivez votre tour sur votre téléphone
kiosk-follow-help = Photographiez ce code.
kiosk-follow-code = Code à photographier pour suivre le ticket { $number }
kiosk-home = Revenir à l’accueil
kiosk-closed-hours = Nous sommes fermés
kiosk-closed-hours-help = Les tickets sont distribués aux heures d’ouverture.
kiosk-closed-paused = Cette borne est en pause
kiosk-closed-paused-help = Adressez-vous à l’accueil.
kiosk-closed-no_service = Aucun service n’est ouvert
kiosk-closed-no_service-help = Revenez un peu plus tard ou adressez-vous à l’accueil.
kiosk-starting = La borne démarre
kiosk-starting-help = Elle attend ses réglages. Cela prend quelques instants.
kiosk-more-time = Voulez-vous plus de temps ?
kiosk-more-time-left = { $seconds ->
    [one] Retour à l’accueil dans { $seconds } seconde.
    [many] Retour à l’accueil dans { $seconds } secondes.
   *[other] Retour à l’accueil dans { $seconds } secondes.
}
kiosk-more-time-yes = Oui, je continue
kiosk-more-time-no = Non, j’ai terminé
kiosk-corner = Accès du personnel
unlock-title = Accès du personnel
unlock-ask = Saisissez votre code.
unlock-wrong_pin = Ce code n’est pas le bon. Réessayez.
unlock-locked_out = Trop d’essais. Attendez quelques minutes, puis réessayez.
maintenance-title = Maintenance
maintenance-state = État de la borne
maintenance-printer = Imprimante
maintenance-server = Serveur
maintenance-journal = Journal
maintenance-sound = Son
maintenance-clock = Horloge
maintenance-ok = En ordre
maintenance-journal-unsent = { $count ->
    [0] Tout est transmis au serveur
    [one] { $count } enregistrement à transmettre
    [many] { $count } enregistrements à transmettre
   *[other] { $count } enregistrements à transmettre
}
maintenance-since = Depuis { $time }
maintenance-tickets = Derniers tickets
maintenance-no-tickets = Aucun ticket pris sur cette borne aujourd’hui.
maintenance-reprint = Réimprimer
maintenance-reprint-number = Réimprimer le ticket { $number }
maintenance-test-print = Imprimer un test
maintenance-test-sound = Essayer le son
maintenance-pause = Mettre en pause
maintenance-resume = Remettre en service
maintenance-setup = Ouvrir les réglages
maintenance-leave = Revenir à la borne
maintenance-sent = C’est demandé.
maintenance-version = Version { $version }
print-issued = Pas encore imprimé
print-printing = Impression en cours
print-printed = Imprimé
print-unconfirmed = Sans doute imprimé
print-failed = Non imprimé
print-unknown = Impression incertaine
connection-online = Connecté
connection-connecting = Connexion en cours
connection-offline = Sans connexion
connection-standalone = Sans serveur
