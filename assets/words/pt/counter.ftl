# The counter page, as a clerk reads it all day.
counter-page = Balcão
counter-page-at = Balcão { $counter }
choose-counter-title = Em que balcão está?
choose-counter-help = O número do balcão é mostrado e anunciado em cada chamada.
choose-counter-none = Não há nenhum balcão definido neste local. Fale com o seu responsável.
choose-counter-taken = está lá um colega
change-counter = Mudar de balcão
status = O seu estado
status-disponible = Disponível
status-occupe = Ocupado
status-pause = Em pausa
status-hors_ligne = Ausente
told-status-disponible = Está disponível.
told-status-occupe = Está ocupado.
told-status-pause = Está em pausa. Ninguém é chamado ao seu balcão.
told-status-hors_ligne = Deixou o balcão.
action-call_next = Chamar o seguinte
action-start = Começar
action-end = Terminar
action-resume = Retomar o serviço
action-end_and_next = Terminar e chamar o seguinte
action-recall = Chamar de novo
action-no_show = Não compareceu
action-hold = Pôr em espera
action-transfer = Transferir…
action-cancel = Anular…
action-call = Chamar
action-call_again = Chamar outra vez
told-call_next = { $number } chamado ao balcão { $counter }.
told-call = { $number } chamado ao balcão { $counter }.
told-recall = { $number } chamado de novo.
told-start = { $number } está a ser atendido.
told-end = { $number } terminado.
told-no_show = { $number } marcado como ausente.
told-hold = { $number } posto em espera.
told-cancel = { $number } anulado.
told-transfer = { $number } espera agora em «{ $queue }».
told-nobody = Ninguém espera.
told-checked = O ecrã está de novo atualizado. Verifique antes de continuar.
trouble-title-call_next = Não foi possível chamar ninguém
trouble-title-ticket = { $number }: a ação não foi concluída
trouble-title-other = A ação não foi concluída
trouble-unsure = Ainda não se sabe se o servidor o fez. Os botões voltam assim que for verificado.
desk-now = Senha no balcão
desk-free = Balcão livre
desk-paused = Está em pausa
desk-paused-help = Os seus colegas chamam quem espera.
desk-called = Chamado às { $time }
desk-serving = Em atendimento desde as { $time }
desk-waited = Esperou
desk-since = Desde a chamada
desk-duration = Tempo de atendimento
desk-nudge = Ninguém vem? Chame de novo ou marque como ausente.
desk-priority = Prioritário
waiting-title = Quem espera
waiting-count = { $count ->
    [0] Ninguém espera
    [one] { $count } pessoa espera
    [many] { $count } pessoas esperam
   *[other] { $count } pessoas esperam
}
waiting-and = { $count } · { $longest }
waiting-longest = a que espera há mais tempo: { $minutes }
waiting-more = { $count ->
    [one] e mais { $count }
    [many] e mais { $count }
   *[other] e mais { $count }
}
waiting-nobody = Ninguém
waiting-loading = A ler a lista…
hold-title = Em espera comigo
hold-none = Nenhuma senha de lado.
recent-title = Últimas senhas
recent-none = Nada ainda hoje.
recent-done = atendido
recent-no_show = não compareceu
transfer-title = Transferir { $number } para…
transfer-help = A pessoa mantém o número e espera na outra fila.
transfer-none = Não há outra fila aberta.
cancel-title = Anular a senha { $number }?
cancel-help = A pessoa não voltará a ser chamada. Não pode ser desfeito.
cancel-confirm = Anular a senha
cancel-keep = Manter a senha
help-title = Atalhos do teclado
help-primary = O botão grande
help-next = Chamar o seguinte, terminando antes o atendimento em curso
help-pause = Pausa, ou voltar dela
help-help = Esta ajuda
help-open = Atalhos
key-space = Espaço
key-enter = Enter
