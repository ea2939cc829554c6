# The kiosk, as its visitors and the staff behind its PIN read it.
kiosk-title = خذ تذكرتك
kiosk-choose = المس الخدمة التي تحتاجها.
kiosk-services = الخدمات
kiosk-languages = اللغة
kiosk-display = العرض
kiosk-large-text = نص كبير
kiosk-contrast = تباين عالٍ
kiosk-low-reach = أزرار في الأسفل
kiosk-waiting = { $count ->
    [zero] لا أحد ينتظر
    [one] شخص واحد ينتظر
    [two] شخصان ينتظران
    [few] { $count } أشخاص ينتظرون
    [many] { $count } شخصًا ينتظرون
   *[other] { $count } شخص ينتظرون
}
kiosk-tile-closed = مغلق
kiosk-tile-full = اكتمل العدد اليوم
kiosk-offline = الشبكة مقطوعة. يمكنك أخذ تذكرة رغم ذلك.
kiosk-no-paper = لا تذاكر ورقية حاليًا. سيظهر رقمك على الشاشة.
kiosk-broken = لا يمكن لهذا الجهاز إعطاء تذاكر. توجه إلى الاستقبال.
kiosk-issuing = تذكرتك في الطريق
kiosk-your-number = رقمك
kiosk-people-ahead = { $count ->
    [zero] لا أحد قبلك
    [one] شخص واحد قبلك
    [two] شخصان قبلك
    [few] { $count } أشخاص قبلك
    [many] { $count } شخصًا قبلك
   *[other] { $count } شخص قبلك
}
kiosk-wait = الانتظار
kiosk-where = تفضل بالجلوس في قاعة الانتظار. سيظهر رقمك على الشاشة.
kiosk-print-printing = تذكرتك قيد الطباعة
kiosk-print-printed = خذ تذكرتك
kiosk-print-unconfirmed = من المفترض أن تذكرتك قد طُبعت
kiosk-print-unconfirmed-help = إذا لم تخرج، سجّل رقمك: إنه محفوظ.
kiosk-print-failed = تعذرت طباعة تذكرتك
kiosk-print-failed-help = رقمك محفوظ. سجّله أو التقط صورة للشاشة.
kiosk-print-unknown = لا نعرف إن كانت تذكرتك قد خرجت
kiosk-print-unknown-help = رقمك محفوظ. سجّله أو التقط صورة للشاشة.
kiosk-acknowledge = سجّلت رقمي
kiosk-finish = إنهاء
kiosk-follow = تابع دورك على هاتفك
kiosk-follow-help = امسح هذا الرمز.
kiosk-follow-code = رمز لمتابعة التذكرة { $number }
kiosk-home = العودة إلى البداية
kiosk-closed-hours = نحن مغلقون
kiosk-closed-hours-help = تُعطى التذاكر خلال ساعات العمل.
kiosk-closed-paused = هذا الجهاز متوقف مؤقتًا
kiosk-closed-paused-help = توجه إلى الاستقبال.
kiosk-closed-no_service = لا توجد خدمة مفتوحة
kiosk-closed-no_service-help = عد بعد قليل أو توجه إلى الاستقبال.
kiosk-starting = الجهاز قيد التشغيل
kiosk-starting-help = ينتظر إعداداته. يستغرق ذلك لحظات.
kiosk-more-time = هل تحتاج إلى مزيد من الوقت؟
kiosk-more-time-left = { $seconds ->
    [zero] العودة إلى البداية الآن.
    [one] العودة إلى البداية خلال ثانية واحدة.
    [two] العودة إلى البداية خلال ثانيتين.
    [few] العودة إلى البداية خلال { $seconds } ثوانٍ.
    [many] العودة إلى البداية خلال { $seconds } ثانية.
   *[other] العودة إلى البداية خلال { $seconds } ثانية.
}
kiosk-more-time-yes = نعم، أريد المتابعة
kiosk-more-time-no = لا، انتهيت
kiosk-corner = دخول الموظفين
unlock-title = دخول الموظفين
unlock-ask = أدخل الرمز السري.
unlock-wrong_pin = الرمز غير صحيح. حاول مرة أخرى.
unlock-locked_out = محاولات كثيرة. انتظر بضع دقائق ثم حاول مرة أخرى.
maintenance-title = الصيانة
maintenance-state = حالة الجهاز
maintenance-printer = الطابعة
maintenance-server = الخادم
maintenance-journal = السجل
maintenance-sound = الصوت
maintenance-clock = الساعة
maintenance-ok = على ما يرام
maintenance-journal-unsent = { $count ->
    [zero] أُرسل كل شيء إلى الخادم
    [one] تسجيل واحد لم يُرسل بعد
    [two] تسجيلان لم يُرسلا بعد
    [few] { $count } تسجيلات لم تُرسل بعد
    [many] { $count } تسجيلًا لم يُرسل بعد
   *[other] { $count } تسجيل لم يُرسل بعد
}
maintenance-since = منذ { $time }
maintenance-tickets = آخر التذاكر
maintenance-no-tickets = لم تؤخذ أي تذكرة من هذا الجهاز اليوم.
maintenance-reprint = إعادة الطباعة
maintenance-reprint-number = إعادة طباعة التذكرة { $number }
maintenance-test-print = طباعة تجريبية
maintenance-test-sound = تجربة الصوت
maintenance-pause = إيقاف مؤقت
maintenance-resume = إعادة التشغيل
maintenance-setup = فتح الإعدادات
maintenance-leave = العودة إلى الجهاز
maintenance-sent = تم الطلب.
maintenance-version = الإصدار { $version }
print-issued = لم تُطبع بعد
print-printing = قيد الطباعة
print-printed = طُبعت
print-unconfirmed = طُبعت على الأرجح
print-failed = لم تُطبع
print-unknown = الطباعة غير مؤكدة
connection-online = متصل
connection-connecting = جارٍ الاتصال
connection-offline = غير متصل
connection-standalone = بدون خادم
