# The office page, as a manager reads it.
office-page = Gestão
office-overview = Neste momento
office-waiting = Em espera
office-longest = A espera mais longa
office-agents = Agentes disponíveis
office-called = Chamados ou em atendimento
office-nobody = ninguém
office-closed = fechada
office-no-queues = Não há nenhuma fila definida.
office-stations = Quiosques e ecrãs
office-no-stations = Não há nenhum quiosque nem ecrã associado.
office-mode-kiosk = Quiosque
office-mode-board = Ecrã
office-mode-all = Quiosque e ecrã
office-online = Em linha
office-silent = Em silêncio desde as { $time }
office-never = Nunca ouvido
office-revoked = Excluído
office-no-faults = Está tudo bem
office-unsent = { $count ->
    [0] Está tudo enviado
    [one] { $count } registo por enviar
    [many] { $count } registos por enviar
   *[other] { $count } registos por enviar
}
office-tickets = Senhas de hoje
office-tickets-last = As últimas { $count } senhas de hoje
office-no-tickets = Nenhuma senha hoje.
office-number = Número
office-queue = Fila
office-taken = Tirada às
office-status = Estado
office-counter = Balcão
office-status-waiting = espera
office-status-called = chamado
office-status-serving = em atendimento
office-status-done = atendido
office-status-missed = não compareceu
office-status-held = de lado
office-status-cancelled = anulado
office-fresh = Estado às { $time }
office-stale = Sem notícias do servidor desde as { $time }
