# The follow page, as a customer reads it on a phone.
follow-title = Seguir a minha senha
follow-waiting = Está na fila
follow-called = É a sua vez
follow-serving = Está a ser atendido
follow-done = Visita terminada
follow-done-help = Obrigado pela sua visita.
follow-missed = Foi chamado
follow-missed-help = Dirija-se à receção com o seu número: podem chamá-lo de novo.
follow-held = A sua senha está de lado
follow-held-help = Será chamado de novo. Fique por perto.
follow-cancelled = Esta senha está anulada
follow-cancelled-help = Tire uma nova senha no quiosque se precisar.
follow-counter = Balcão { $counter }
follow-ahead = { $count ->
    [0] É o seguinte
    [one] { $count } pessoa antes de si
    [many] { $count } pessoas antes de si
   *[other] { $count } pessoas antes de si
}
follow-wait = { $count ->
    [one] cerca de { $count } minuto
    [many] cerca de { $count } minutos
   *[other] cerca de { $count } minutos
}
follow-soon = dentro de momentos
follow-near = A sua vez está próxima
follow-near-help = Volte à sala e não se afaste.
follow-unknown = Esta senha não foi encontrada
follow-unknown-help = Pode ser demasiado antiga, ou o código foi mal lido. Leia de novo o código da sua senha, ou pergunte na receção.
follow-away = Sem ligação de momento
follow-stale = Estado às { $time }
follow-stale-help = A página atualiza-se assim que a ligação voltar. O seu lugar está guardado; olhe também para o ecrã da sala.
follow-foot = Mantenha esta página aberta. O número também aparece no ecrã da sala.
