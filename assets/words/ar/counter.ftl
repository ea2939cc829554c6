# The counter page, as a clerk reads it all day.
counter-page = الشباك
counter-page-at = الشباك { $counter }
choose-counter-title = في أي شباك أنت؟
choose-counter-help = يُعرض رقم الشباك ويُعلن مع كل نداء.
choose-counter-none = لا يوجد شباك معرّف لهذا الموقع. اسأل مسؤولك.
choose-counter-taken = زميل هناك
change-counter = تغيير الشباك
status = حالتك
status-disponible = متاح
status-occupe = مشغول
status-pause = في استراحة
status-hors_ligne = غائب عن الشباك
told-status-disponible = أنت متاح.
told-status-occupe = أنت مشغول.
told-status-pause = أنت في استراحة. لا أحد يُنادى إلى شباكك.
told-status-hors_ligne = غادرت الشباك.
action-call_next = نداء التالي
action-start = بدء الخدمة
action-end = إنهاء
action-resume = استئناف الخدمة
action-end_and_next = إنهاء ونداء التالي
action-recall = إعادة النداء
action-no_show = لم يحضر
action-hold = تعليق
action-transfer = تحويل…
action-cancel = إلغاء…
action-call = نداء
action-call_again = نداء من جديد
told-call_next = نودي { $number } إلى الشباك { $counter }.
told-call = نودي { $number } إلى الشباك { $counter }.
told-recall = أُعيد نداء { $number }.
told-start = { $number } قيد الخدمة.
told-end = انتهى { $number }.
told-no_show = سُجّل { $number } غائبًا.
told-hold = { $number } معلّق.
told-cancel = أُلغي { $number }.
told-transfer = { $number } ينتظر الآن في «{ $queue }».
told-nobody = لا أحد ينتظر.
told-checked = الشاشة محدَّثة من جديد. تحقق قبل المتابعة.
trouble-title-call_next = تعذر نداء أحد
trouble-title-ticket = { $number }: لم تتم العملية
trouble-title-other = لم تتم العملية
trouble-unsure = لا نعرف بعد هل نفّذها الخادم. تعود الأزرار فور التحقق.
desk-now = التذكرة عند الشباك
desk-free = الشباك متاح
desk-paused = أنت في استراحة
desk-paused-help = زملاؤك ينادون المنتظرين.
desk-called = نودي الساعة { $time }
desk-serving = قيد الخدمة منذ { $time }
desk-waited = انتظر
desk-since = منذ النداء
desk-duration = مدة الخدمة
desk-nudge = لا أحد يأتي؟ أعد النداء أو سجّله غائبًا.
desk-priority = أولوية
waiting-title = من ينتظر
waiting-count = { $count ->
    [zero] لا أحد ينتظر
    [one] شخص واحد ينتظر
    [two] شخصان ينتظران
    [few] { $count } أشخاص ينتظرون
    [many] { $count } شخصًا ينتظرون
   *[other] { $count } شخص ينتظرون
}
waiting-and = { $count } · { $longest }
waiting-longest = أطولهم منذ { $minutes }
waiting-more = { $count ->
    [zero] ولا أحد آخر
    [one] وشخص آخر
    [two] وشخصان آخران
    [few] و{ $count } آخرون
    [many] و{ $count } آخر
   *[other] و{ $count } آخر
}
waiting-nobody = لا أحد
waiting-loading = قراءة القائمة…
hold-title = المعلّقون عندي
hold-none = لا تذاكر معلّقة.
recent-title = آخر التذاكر
recent-none = لا شيء اليوم بعد.
recent-done = خُدم
recent-no_show = لم يحضر
transfer-title = تحويل { $number } إلى…
transfer-help = يحتفظ الشخص برقمه وينتظر في الصف الآخر.
transfer-none = لا يوجد صف آخر مفتوح.
cancel-title = إلغاء التذكرة { $number }؟
cancel-help = لن يُنادى الشخص بعد الآن. لا يمكن التراجع.
cancel-confirm = إلغاء التذكرة
cancel-keep = الاحتفاظ بالتذكرة
help-title = اختصارات لوحة المفاتيح
help-primary = الزر الكبير
help-next = نداء التالي بعد إنهاء الخدمة الجارية
help-pause = استراحة أو عودة منها
help-help = هذه المساعدة
help-open = اختصارات
key-space = مسافة
key-enter = إدخال
