# The paper slip. Loaded by the station; times and dates arrive already written.
slip-your-number = Su número
slip-people-ahead =
    { $count ->
        [0] Nadie antes de usted
        [one] { $count } persona antes de usted
        [many] { $count } personas antes de usted
       *[other] { $count } personas antes de usted
    }
slip-wait = Espera: { $wait }
slip-issued = { $date } a las { $time }
slip-where = Su número aparecerá en la pantalla.
slip-follow = Siga su turno en el teléfono
slip-test-title = Prueba de impresión
slip-test-frame = Los cuatro bordes del marco deben verse.
slip-copy-number = COPIA { $number }
