# The paper slip. Loaded by the station; times and dates arrive already written.
slip-your-number = O seu número
slip-people-ahead =
    { $count ->
        [0] Ninguém antes de si
        [one] { $count } pessoa antes de si
        [many] { $count } pessoas antes de si
       *[other] { $count } pessoas antes de si
    }
slip-wait = Espera: { $wait }
slip-issued = { $date } às { $time }
slip-where = O seu número aparecerá no ecrã.
slip-follow = Siga a sua vez no telemóvel
slip-test-title = Teste de impressão
slip-test-frame = Os quatro lados da moldura devem ver-se.
slip-copy-number = CÓPIA { $number }
