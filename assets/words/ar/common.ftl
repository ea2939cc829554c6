# Words that several faces, the slip and the voice share. Numbers arrive as small integers, times already written.
date-long = { $weekday } { $day } { $month }
date-and-time = { $date } الساعة { $time }
wait-range = من { $min } إلى { $max } { $max ->
    [zero] دقيقة
    [one] دقيقة
    [two] دقيقتين
    [few] دقائق
    [many] دقيقة
   *[other] دقيقة
}
wait-about = حوالي { $max ->
    [zero] { $max } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $max } دقائق
    [many] { $max } دقيقة
   *[other] { $max } دقيقة
}
wait-under = أقل من { $max ->
    [zero] { $max } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $max } دقائق
    [many] { $max } دقيقة
   *[other] { $max } دقيقة
}
wait-unknown = مدة الانتظار غير معروفة
opening-today = نفتح من جديد اليوم الساعة { $time }
opening-tomorrow = نفتح من جديد غدًا الساعة { $time }
opening-day = نفتح من جديد يوم { $weekday } الساعة { $time }
back = رجوع
next = التالي
cancel = إلغاء
close = إغلاق
retry = إعادة المحاولة
yes = نعم
no = لا
loading = لحظة من فضلك…
pin-digits-typed = { $count ->
    [zero] لم يُدخل أي رقم
    [one] أُدخل رقم واحد
    [two] أُدخل رقمان
    [few] أُدخلت { $count } أرقام
    [many] أُدخل { $count } رقمًا
   *[other] أُدخل { $count } رقم
}
pin-delete = حذف آخر رقم
pin-enter = تأكيد
weekday-1 = الاثنين
weekday-2 = الثلاثاء
weekday-3 = الأربعاء
weekday-4 = الخميس
weekday-5 = الجمعة
weekday-6 = السبت
weekday-7 = الأحد
month-1 = يناير
month-2 = فبراير
month-3 = مارس
month-4 = أبريل
month-5 = مايو
month-6 = يونيو
month-7 = يوليو
month-8 = أغسطس
month-9 = سبتمبر
month-10 = أكتوبر
month-11 = نوفمبر
month-12 = ديسمبر
decimal-mark = .
