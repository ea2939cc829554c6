# The kiosk, as its visitors and the staff behind its PIN read it.
kiosk-title = Tire a sua senha
kiosk-choose = Toque no serviço de que precisa.
kiosk-services = Serviços
kiosk-languages = Língua
kiosk-display = Ecrã
kiosk-large-text = Texto grande
kiosk-contrast = Alto contraste
kiosk-low-reach = Botões em baixo
kiosk-waiting = { $count ->
    [0] Ninguém à espera
    [one] { $count } pessoa à espera
    [many] { $count } pessoas à espera
   *[other] { $count } pessoas à espera
}
kiosk-tile-closed = Fechado
kiosk-tile-full = Completo por hoje
kiosk-offline = A rede está em baixo. Mesmo assim pode tirar uma senha.
kiosk-no-paper = De momento não há senhas em papel. O seu número aparecerá no ecrã.
kiosk-broken = Este quiosque não pode dar senhas. Dirija-se à receção.
kiosk-issuing = A sua senha está a chegar
kiosk-your-number = O seu número
kiosk-people-ahead = { $count ->
    [0] Ninguém antes de si
    [one] { $count } pessoa antes de si
    [many] { $count } pessoas antes de si
   *[other] { $count } pessoas antes de si
}
kiosk-wait = Espera
kiosk-where = Sente-se na sala de espera. O seu número aparecerá no ecrã.
kiosk-print-printing = A sua senha está a ser impressa
kiosk-print-printed = Retire a sua senha
kiosk-print-unconfirmed = A sua senha deve estar impressa
kiosk-print-unconfirmed-help = Se não sair, anote o seu número: está guardado.
kiosk-print-failed = Não foi possível imprimir a sua senha
kiosk-print-failed-help = O seu número está guardado. Anote-o ou fotografe o ecrã.
kiosk-print-unknown = Não sabemos se a sua senha saiu
kiosk-print-unknown-help = O seu número está guardado. Anote-o ou fotografe o ecrã.
kiosk-acknowledge = Já tenho o meu número
kiosk-finish = Terminar
kiosk-follow = Siga a sua vez no telemóvel
kiosk-follow-help = Leia este código.
kiosk-follow-code = Código para seguir a senha { $number }
kiosk-home = Voltar ao início
kiosk-closed-hours = Estamos fechados
kiosk-closed-hours-help = As senhas são dadas no horário de abertura.
kiosk-closed-paused = Este quiosque está em pausa
kiosk-closed-paused-help = Dirija-se à receção.
kiosk-closed-no_service = Nenhum serviço está aberto
kiosk-closed-no_service-help = Volte um pouco mais tarde ou dirija-se à receção.
kiosk-starting = O quiosque está a iniciar
kiosk-starting-help = Aguarda as suas definições. Demora alguns instantes.
kiosk-more-time = Precisa de mais tempo?
kiosk-more-time-left = { $seconds ->
    [one] Regresso ao início em { $seconds } segundo.
    [many] Regresso ao início em { $seconds } segundos.
   *[other] Regresso ao início em { $seconds } segundos.
}
kiosk-more-time-yes = Sim, continuo
kiosk-more-time-no = Não, já terminei
kiosk-corner = Acesso do pessoal
unlock-title = Acesso do pessoal
unlock-ask = Introduza o seu código.
unlock-wrong_pin = O código não está certo. Tente de novo.
unlock-locked_out = Demasiadas tentativas. Espere alguns minutos e tente de novo.
maintenance-title = Manutenção
maintenance-state = Estado do quiosque
maintenance-printer = Impressora
maintenance-server = Servidor
maintenance-journal = Registo
maintenance-sound = Som
maintenance-clock = Relógio
maintenance-ok = Em ordem
maintenance-journal-unsent = { $count ->
    [0] Tudo foi enviado ao servidor
    [one] { $count } registo por enviar
    [many] { $count } registos por enviar
   *[other] { $count } registos por enviar
}
maintenance-since = Desde { $time }
maintenance-tickets = Últimas senhas
maintenance-no-tickets = Hoje ainda não foi tirada nenhuma senha neste quiosque.
maintenance-reprint = Reimprimir
maintenance-reprint-number = Reimprimir a senha { $number }
maintenance-test-print = Imprimir um teste
maintenance-test-sound = Testar o som
maintenance-pause = Pôr em pausa
maintenance-resume = Voltar ao serviço
maintenance-setup = Abrir as definições
maintenance-leave = Voltar ao quiosque
maintenance-sent = Pedido feito.
maintenance-version = Versão { $version }
print-issued = Ainda não impressa
print-printing = A imprimir
print-printed = Impressa
print-unconfirmed = Provavelmente impressa
print-failed = Não impressa
print-unknown = Impressão incerta
connection-online = Ligado
connection-connecting = A ligar
connection-offline = Sem ligação
connection-standalone = Sem servidor
