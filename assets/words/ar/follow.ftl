# The follow page, as a customer reads it on a phone.
follow-title = متابعة تذكرتي
follow-waiting = أنت في الصف
follow-called = حان دورك
follow-serving = نحن نخدمك الآن
follow-done = انتهت الزيارة
follow-done-help = شكرًا لزيارتك.
follow-missed = تم نداؤك
follow-missed-help = توجه إلى الاستقبال برقمك: يمكن نداؤك من جديد.
follow-held = تذكرتك معلّقة
follow-held-help = سيُعاد نداؤك. ابقَ قريبًا.
follow-cancelled = هذه التذكرة ملغاة
follow-cancelled-help = خذ تذكرة جديدة من الجهاز إذا احتجت إليها.
follow-counter = الشباك { $counter }
follow-ahead = { $count ->
    [zero] أنت التالي
    [one] شخص واحد قبلك
    [two] شخصان قبلك
    [few] { $count } أشخاص قبلك
    [many] { $count } شخصًا قبلك
   *[other] { $count } شخص قبلك
}
follow-wait = { $count ->
    [zero] حوالي { $count } دقيقة
    [one] حوالي دقيقة واحدة
    [two] حوالي دقيقتين
    [few] حوالي { $count } دقائق
    [many] حوالي { $count } دقيقة
   *[other] حوالي { $count } دقيقة
}
follow-soon = بعد لحظة
follow-near = اقترب دورك
follow-near-help = عُد إلى القاعة ولا تبتعد.
follow-unknown = تعذر العثور على هذه التذكرة
follow-unknown-help = قد تكون قديمة أو لم يُقرأ الرمز جيدًا. امسح رمز تذكرتك من جديد أو اسأل في الاستقبال.
follow-away = لا يوجد اتصال الآن
follow-stale = الحالة الساعة { $time }
follow-stale-help = تُحدَّث الصفحة فور عودة الاتصال. مكانك محفوظ؛ تابع أيضًا شاشة القاعة.
follow-foot = أبقِ هذه الصفحة مفتوحة. يظهر الرقم أيضًا على شاشة القاعة.
