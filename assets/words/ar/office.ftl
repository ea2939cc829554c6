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
office-pair = ربط جهاز
office-pair-help = تعرض إعدادات الجهاز رمزًا من ثمانية أحرف وأرقام.
office-pair-code = رمز الربط
office-pair-look = متابعة
office-pair-none = لا يعرض أي جهاز هذا الرمز
office-pair-none-help = تحقق منه على شاشة الجهاز. الرمز صالح عشر دقائق.
office-pair-answered = تم الرد على هذا الرمز من قبل
office-pair-answered-help = قبل أحدهم هذا الجهاز أو رفضه للتو.
office-pair-asks = جهاز يطلب الربط
office-pair-compare = هل البصمة هي نفسها على شاشته؟ وإلا فارفض.
office-pair-fingerprint = البصمة
office-pair-address = العنوان
office-pair-since = يطلب منذ
office-pair-version = الإصدار
office-pair-name = الاسم
office-pair-mode = الدور
office-pair-site = الموقع
office-pair-queues = الصفوف
office-pair-all-queues = كل صفوف الموقع
office-pair-approve = قبول
office-pair-refuse = رفض
office-pair-letters = لم يبقَ حرف لهذا الموقع
office-pair-letters-help = استبعد جهازًا لم يعد موجودًا، ثم اقبل.
office-pair-approved = تم قبول «{ $name }»
office-pair-approved-help = ينهي إعداداته وحده ثم يظهر في القائمة.
office-pair-refused = تم رفض الجهاز
office-pair-refused-help = شاشته تقول ذلك. لم يتغير شيء آخر.
office-pair-another = ربط جهاز آخر
office-pair-no-queue = اختر صفًا واحدًا على الأقل.
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
