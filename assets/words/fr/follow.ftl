# The follow page, as a customer reads it on a phone.
follow-title = Suivre mon ticket
follow-waiting = Vous êtes dans la file
follow-called = C’est à vous
follow-serving = On s’occupe de vous
follow-done = Visite terminée
follow-done-help = Merci de votre visite.
follow-missed = Vous avez été appelé
follow-missed-help = Présentez-vous à l’accueil avec votre numéro : on peut vous rappeler.
follow-held = Votre ticket est mis de côté
follow-held-help = On vous rappellera. Restez à proximité.
follow-cancelled = Ce ticket est annulé
follow-cancelled-help = Prenez un nouveau ticket à la borne si vous en avez besoin.
follow-counter = Guichet { $counter }
follow-ahead = { $count ->
    [0] Vous êtes le prochain
    [one] { $count } personne avant vous
    [many] { $count } personnes avant vous
   *[other] { $count } personnes avant vous
}
follow-wait = { $count ->
    [one] environ { $count } minute
    [many] environ { $count } minutes
   *[other] environ { $count } minutes
}
follow-soon = dans un instant
follow-near = Votre tour approche
follow-near-help = Revenez dans la salle et ne vous éloignez plus.
follow-unknown = Ce ticket est introuvable
follow-unknown-help = Il est peut-être trop ancien, ou le code a été mal lu. Scannez de nouveau le code de votre ticket, ou demandez à l’accueil.
follow-away = Pas de connexion pour le moment
follow-stale = État de { $time }
follow-stale-help = La page se met à jour dès que la connexion revient. Votre place est gardée ; regardez aussi l’écran de la salle.
follow-foot = Gardez cette page ouverte. Le numéro s’affiche aussi sur l’écran de la salle.
