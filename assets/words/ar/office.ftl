# The office page, as a manager reads it.
office-page = الإدارة
office-overview = الآن
office-waiting = في الانتظار
office-longest = أطول انتظار
office-agents = الموظفون المتاحون
office-called = نودي عليهم أو قيد الخدمة
office-nobody = لا أحد
office-closed = مغلق
office-no-queues = لا صفوف معرّفة.
office-stations = الأجهزة والشاشات
office-no-stations = لا جهاز ولا شاشة مرتبطة.
office-mode-kiosk = جهاز التذاكر
office-mode-board = شاشة
office-mode-all = جهاز وشاشة
office-online = متصل
office-silent = صامت منذ { $time }
office-never = لم يُسمع منه قط
office-revoked = مستبعد
office-no-faults = كل شيء على ما يرام
office-unsent = { $count ->
    [zero] أُرسل كل شيء
    [one] سجل واحد للإرسال
    [two] سجلان للإرسال
    [few] { $count } سجلات للإرسال
    [many] { $count } سجلًا للإرسال
   *[other] { $count } سجل للإرسال
}
office-tickets = تذاكر اليوم
office-tickets-last = آخر { $count } من تذاكر اليوم
office-no-tickets = لا تذاكر اليوم.
office-number = الرقم
office-queue = الصف
office-taken = أُخذت الساعة
office-status = الحالة
office-counter = الشباك
office-status-waiting = ينتظر
office-status-called = نودي
office-status-serving = قيد الخدمة
office-status-done = خُدم
office-status-missed = لم يحضر
office-status-held = معلّق
office-status-cancelled = ملغى
office-fresh = الحالة الساعة { $time }
office-stale = لا أخبار من الخادم منذ { $time }
