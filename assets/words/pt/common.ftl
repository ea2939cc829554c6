# Words that several faces, the slip and the voice share. Numbers arrive as small integers, times already written.
date-long = { $weekday }, { $day } de { $month }
date-and-time = { $date } às { $time }
wait-range = { $min } a { $max } minutos
wait-about = cerca de { $max ->
    [one] { $max } minuto
   *[other] { $max } minutos
}
wait-under = menos de { $max ->
    [1] um minuto
   *[other] { $max } minutos
}
wait-unknown = espera desconhecida
opening-today = Reabre hoje às { $time }
opening-tomorrow = Reabre amanhã às { $time }
opening-day = Reabre { $weekday } às { $time }
back = Voltar
next = Seguinte
cancel = Cancelar
close = Fechar
retry = Tentar de novo
yes = Sim
no = Não
loading = Um momento…
pin-digits-typed = { $count ->
    [0] Nenhum algarismo introduzido
    [one] { $count } algarismo introduzido
    [many] { $count } algarismos introduzidos
   *[other] { $count } algarismos introduzidos
}
pin-delete = Apagar o último algarismo
pin-enter = Confirmar
weekday-1 = segunda-feira
weekday-2 = terça-feira
weekday-3 = quarta-feira
weekday-4 = quinta-feira
weekday-5 = sexta-feira
weekday-6 = sábado
weekday-7 = domingo
month-1 = janeiro
month-2 = fevereiro
month-3 = março
month-4 = abril
month-5 = maio
month-6 = junho
month-7 = julho
month-8 = agosto
month-9 = setembro
month-10 = outubro
month-11 = novembro
month-12 = dezembro
decimal-mark = ,
