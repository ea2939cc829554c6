// The imitated branch's own data, which a real office would type in: services in six languages, counters, printers. These
// are not words of the screens, so they do not live in assets/words.
import type { FoundPrinter, Language, PrinterModel, ServiceTile, SetupProfile } from "../../bindings";

type Service = { letter: string; icon: string; colour: string; name: Record<Language, string>; hint: Record<Language, string> };

const SERVICES: Service[] = [
  {
    letter: "A",
    icon: "banknote",
    colour: "#0f766e",
    name: { fr: "Dépôts et retraits", en: "Cash in and out", ar: "الإيداع والسحب", wo: "Dugal ak génne xaalis", es: "Ingresos y retiradas", pt: "Depósitos e levantamentos" },
    hint: { fr: "Espèces, chèques", en: "Cash, cheques", ar: "نقد وشيكات", wo: "Xaalis, sek", es: "Efectivo, cheques", pt: "Dinheiro, cheques" },
  },
  {
    letter: "B",
    icon: "user-plus",
    colour: "#0b4a8f",
    name: { fr: "Ouvrir un compte", en: "Open an account", ar: "فتح حساب", wo: "Ubbi kont", es: "Abrir una cuenta", pt: "Abrir uma conta" },
    hint: { fr: "Avec une pièce d’identité", en: "Bring your identity card", ar: "مع بطاقة الهوية", wo: "Ak sa dantite", es: "Con su documento de identidad", pt: "Com o documento de identidade" },
  },
  {
    letter: "C",
    icon: "handshake",
    colour: "#9a3412",
    name: { fr: "Voir un conseiller", en: "See an adviser", ar: "مقابلة مستشار", wo: "Gis ab diglekat", es: "Ver a un asesor", pt: "Falar com um consultor" },
    hint: { fr: "Crédit, épargne, assurance", en: "Loans, savings, insurance", ar: "قروض وادخار وتأمين", wo: "Leb, denc, assiraans", es: "Crédito, ahorro, seguros", pt: "Crédito, poupança, seguros" },
  },
  {
    letter: "D",
    icon: "credit-card",
    colour: "#5b21b6",
    name: { fr: "Cartes et codes", en: "Cards and codes", ar: "البطاقات والرموز", wo: "Kart ak kod", es: "Tarjetas y claves", pt: "Cartões e códigos" },
    hint: { fr: "Retrait, perte, opposition", en: "Collect, lost or stolen", ar: "استلام، فقدان، إيقاف", wo: "Jël, réer, téye", es: "Recoger, pérdida, bloqueo", pt: "Levantar, perda, bloqueio" },
  },
  {
    letter: "E",
    icon: "arrow-left-right",
    colour: "#854d0e",
    name: { fr: "Transferts d’argent", en: "Money transfers", ar: "تحويل الأموال", wo: "Yónnee xaalis", es: "Envíos de dinero", pt: "Transferências" },
    hint: { fr: "Envoyer ou recevoir", en: "Send or receive", ar: "إرسال أو استلام", wo: "Yónnee walla jot", es: "Enviar o recibir", pt: "Enviar ou receber" },
  },
  {
    letter: "F",
    icon: "briefcase",
    colour: "#334155",
    name: { fr: "Entreprises", en: "Businesses", ar: "الشركات", wo: "Liggéeykaay yi", es: "Empresas", pt: "Empresas" },
    hint: { fr: "Comptes professionnels", en: "Business accounts", ar: "حسابات مهنية", wo: "Konti liggéeykaay", es: "Cuentas profesionales", pt: "Contas profissionais" },
  },
  {
    letter: "G",
    icon: "calendar-check",
    colour: "#9d174d",
    name: { fr: "J’ai rendez-vous", en: "I have an appointment", ar: "لدي موعد", wo: "Am naa ràndewu", es: "Tengo una cita", pt: "Tenho marcação" },
    hint: { fr: "Annoncez votre arrivée", en: "Say that you are here", ar: "أعلن وصولك", wo: "Waxal ne ñëw nga", es: "Anuncie su llegada", pt: "Anuncie a sua chegada" },
  },
  {
    letter: "H",
    icon: "circle-help",
    colour: "#3f6212",
    name: { fr: "Autre demande", en: "Something else", ar: "طلب آخر", wo: "Leneen", es: "Otra gestión", pt: "Outro assunto" },
    hint: { fr: "Nous vous orientons", en: "We will point the way", ar: "نرشدك", wo: "Dinañu la gindi", es: "Le orientamos", pt: "Nós orientamos" },
  },
];

export const SITE_NAME = "Banque du Littoral";
export const STATION_NAME = "Hall, borne 1";
export const PIN = "1234";

/** The first `count` services as tiles in `language`. */
export function tiles(count: number, language: Language): ServiceTile[] {
  const waits: [number, [number, number] | null][] = [
    [6, [10, 15]],
    [2, [5, 10]],
    [0, [0, 2]],
    [1, [5, 5]],
    [11, [25, 40]],
    [3, [10, 20]],
    [0, [0, 2]],
    [4, [15, 20]],
  ];
  return SERVICES.slice(0, count).map((service, index) => {
    const [waiting, wait_minutes] = waits[index] ?? [0, null];
    return {
      queue: index + 1,
      name: service.name[language],
      hint: service.hint[language],
      icon: service.icon,
      colour: service.colour,
      letter: service.letter,
      waiting,
      wait_minutes,
      state: "open",
      next_opening: null,
    };
  });
}

export const PRINTERS: FoundPrinter[] = [
  { selector: "usb:04b8:0202", name: "EPSON TM-T20III", kind: "usb", missing: null },
  { selector: "serial:/dev/ttyUSB0@19200", name: "USB-Serial CH340", kind: "serial", missing: "permission" },
  { selector: "tcp:192.168.1.50:9100", name: "Star TSP143", kind: "network", missing: null },
];

/** As `smartqueue-station printer-profiles` lists them. */
export const PRINTER_MODELS: PrinterModel[] = [
  { name: "generic", paper_widths_mm: [80, 58] },
  { name: "custom-kiosk", paper_widths_mm: [80, 58] },
  { name: "epson-tm", paper_widths_mm: [80, 58] },
  { name: "epson-tm-m30", paper_widths_mm: [80, 58] },
  { name: "epson-tm-t20iii", paper_widths_mm: [80, 58] },
  { name: "epson-tm-t88v", paper_widths_mm: [80, 58] },
  { name: "epson-tm-t88vi", paper_widths_mm: [80, 58] },
  { name: "generic-80", paper_widths_mm: [80] },
  { name: "pos-5890", paper_widths_mm: [58] },
  { name: "star-escpos", paper_widths_mm: [80, 58] },
];

export function freshProfile(): SetupProfile {
  return {
    language: "fr",
    mode: "kiosk",
    name: "",
    server: null,
    pairing_token: null,
    printer: null,
    paper_width_mm: 80,
    printer_profile: "generic",
    sound: true,
    volume: 70,
    pin: null,
    screen_diagonal_mm: 546,
    farthest_seat_m: 6,
    paired: false,
  };
}
