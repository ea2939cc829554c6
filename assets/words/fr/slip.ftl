# The paper slip. Loaded by the station; times and dates arrive already written.
slip-your-number = Votre numéro
slip-people-ahead =
    { $count ->
        [0] Personne avant vous
        [one] { $count } personne avant vous
        [many] { $count } personnes avant vous
       *[other] { $count } personnes avant vous
    }
slip-wait = Attente : { $wait }
slip-issued = { $date } à { $time }
slip-where = Votre numéro s’affichera sur l’écran.
slip-follow = Suivez votre tour sur votre téléphone
slip-test-title = Test d’impression
slip-test-frame = Les quatre bords du cadre doivent être visibles.
slip-copy-number = COPIE { $number }
