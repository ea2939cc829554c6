# Words that several faces, the slip and the voice share. Numbers arrive as small integers, times already written.
date-long = { $weekday } { $day ->
    [1] 1er
   *[other] { $day }
} { $month }
date-and-time = { $date } à { $time }
wait-range = { $min } à { $max } minutes
wait-about = environ { $max ->
    [one] { $max } minute
   *[other] { $max } minutes
}
wait-under = moins { $max ->
    [1] d’une minute
   *[other] de { $max } minutes
}
wait-unknown = attente inconnue
opening-today = Réouverture aujourd’hui à { $time }
opening-tomorrow = Réouverture demain à { $time }
opening-day = Réouverture { $weekday } à { $time }
back = Retour
next = Suivant
cancel = Annuler
close = Fermer
retry = Réessayer
yes = Oui
no = Non
loading = Un instant…
pin-digits-typed = { $count ->
    [0] Aucun chiffre saisi
    [one] { $count } chiffre saisi
    [many] { $count } chiffres saisis
   *[other] { $count } chiffres saisis
}
pin-delete = Effacer le dernier chiffre
pin-enter = Valider
weekday-1 = lundi
weekday-2 = mardi
weekday-3 = mercredi
weekday-4 = jeudi
weekday-5 = vendredi
weekday-6 = samedi
weekday-7 = dimanche
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
decimal-mark = ,
