# What the pages that a server serves share: signing in, the line to the server, and every problem in words.
sign-in-title = تسجيل الدخول
sign-in-help = استخدم العنوان وكلمة المرور اللذين أعطاكهما مسؤولك.
sign-in-tenant = المؤسسة
sign-in-email = البريد الإلكتروني
sign-in-password = كلمة المرور
sign-in-submit = تسجيل الدخول
sign-out = تسجيل الخروج
choose-language = اللغة
problem-offline = تعذر الوصول إلى الخادم. لم يُفقد شيء: التذاكر محفوظة في الخادم.
problem-no_answer = لم يرد الخادم في الوقت المناسب. ستُحدَّث الشاشة.
problem-signed_out = انتهت جلستك. سجّل الدخول من جديد.
problem-bad_credentials = المؤسسة أو العنوان أو كلمة المرور غير صحيحة.
problem-too_many_attempts = محاولات كثيرة. انتظر دقيقة ثم أعد المحاولة.
problem-forbidden = لا يملك حسابك صلاحية ذلك. اسأل مسؤولك.
problem-not_found = لم تعد هذه التذكرة موجودة.
problem-conflict = تغيّر الوضع للتو. الشاشة محدَّثة الآن.
problem-step_refused = زميل يهتم بها بالفعل، أو تغيّرت التذكرة في هذه الأثناء. الشاشة محدَّثة الآن.
problem-queue_full = هذا الصف ممتلئ.
problem-service_closed = هذه الخدمة مغلقة.
problem-paused = أنت في استراحة. عُد متاحًا لتنادي.
problem-no_counter = اختر شباكك أولًا.
problem-invalid = لم يقبل الخادم هذا الطلب.
problem-garbage = رد الخادم بجواب غير مفهوم. أبلغ الدعم.
problem-server = الخادم به مشكلة. ستُحدَّث الشاشة؛ وإلا فأبلغ الدعم.
problem-unknown = حدث شيء غير متوقع. أعد تحميل الصفحة؛ تذاكرك محفوظة.
link-live = مباشر
link-connecting = جارٍ الاتصال…
link-lost = انقطع الاتصال
link-lost-since = انقطع الاتصال منذ { $time }
link-lost-help = القائمة تعود إلى تلك اللحظة. تعيد الصفحة الاتصال وحدها؛ لم يُفقد شيء.
link-retry = أعد المحاولة الآن
minutes = { $count ->
    [zero] { $count } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتان
    [few] { $count } دقائق
    [many] { $count } دقيقة
   *[other] { $count } دقيقة
}
minutes-none = أقل من دقيقة
fake-title = بيانات وهمية
fake-password = كلمة المرور: { $password }
fake-fault = عطل
fake-fault-none = لا شيء
fake-fault-offline = دون اتصال
fake-fault-lost_answer = ردود ضائعة
fake-fault-unauthorised = جلسة مرفوضة (401)
fake-fault-conflict = تعارض (409)
fake-fault-silent = البث مقطوع
fake-arrive = يصل شخص
fake-empty = صف فارغ
