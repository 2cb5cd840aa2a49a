"""Lists from which the simulated world is made: common given names, surnames, streets and trades.

Written for this purpose from general knowledge; nobody is meant.
"""

DUTCH_GIVEN = (
    "Anna", "Bram", "Chantal", "Daan", "Eva", "Floor", "Gerrit", "Hanneke", "Ilse", "Jan", "Karin", "Lars",
    "Marieke", "Nienke", "Olaf", "Petra", "Ruben", "Sanne", "Thijs", "Willemijn", "Youssef", "Fatima",
    "Mehmet", "Aïcha", "Zoë", "Bo", "Jacqueline", "Kees", "Maud", "Noor",
)  # fmt: skip
DUTCH_SURNAMES = (
    "de Vries", "van den Berg", "Bakker", "Jansen", "Visser", "Smit", "Meijer", "Mulder", "de Groot", "Bos",
    "Vos", "Peters", "Hendriks", "van Leeuwen", "Dekker", "Brouwer", "de Wit", "Dijkstra", "Kok", "Kuipers",
    "van der Meulen", "Postma", "El Amrani", "Yilmaz", "van der Heijden-Oosterhuis", "Ökten", "Çelik",
)  # fmt: skip
DUTCH_STREETS = (
    "Kerkstraat", "Dorpsstraat", "Molenweg", "Beatrixlaan", "Stationsweg", "Nieuwe Gracht", "Lindelaan",
    "Burgemeester van Heuvenweg", "Eikenhof", "Havenkade", "Julianastraat", "Prins Hendrikkade", "Wilgenpad",
    "Zuiderzeestraatweg", "Jan Steenstraat", "Oude Markt",
)  # fmt: skip
# (postcode area, place): four digits are real areas, the letters are drawn.
DUTCH_PLACES = (
    ("1012", "Amsterdam"), ("3011", "Rotterdam"), ("2511", "Den Haag"), ("3511", "Utrecht"),
    ("5611", "Eindhoven"), ("9711", "Groningen"), ("6811", "Arnhem"), ("7511", "Enschede"),
    ("8011", "Zwolle"), ("4811", "Breda"), ("6211", "Maastricht"), ("8911", "Leeuwarden"),
    ("1811", "Alkmaar"), ("3811", "Amersfoort"), ("5211", "'s-Hertogenbosch"),
)  # fmt: skip
FLEMISH_GIVEN = (
    "Jef", "An", "Bart", "Caroline", "Dries", "Els", "Frank", "Griet", "Hilde", "Joris", "Katrien", "Luc",
    "Mieke", "Niels", "Pieter", "Sofie", "Tine", "Wout", "Yasmina", "Mohammed",
)  # fmt: skip
WALLOON_GIVEN = (
    "Amélie", "Benoît", "Céline", "Didier", "Élodie", "François", "Géraldine", "Hugo", "Isabelle", "Julien",
    "Laurence", "Mathieu", "Noémie", "Olivier", "Pascale", "Thierry",
)  # fmt: skip
BELGIAN_SURNAMES = (
    "Peeters", "Janssens", "Maes", "Jacobs", "Mertens", "Willems", "Claes", "Goossens", "Wouters",
    "De Smet", "Dubois", "Lambert", "Dupont", "Martin", "Simon", "Leroy", "Van den Broeck", "Lemmens",
    "Vandenberghe", "Deprez",
)  # fmt: skip
BELGIAN_STREETS_NL = ("Kerkstraat", "Stationsstraat", "Molenstraat", "Grote Markt", "Leopoldlaan")
BELGIAN_STREETS_FR = ("Rue de l'Église", "Rue de la Gare", "Avenue Louise", "Place Verte")
# (postcode, place, language, region of the holiday and contact rules)
BELGIAN_PLACES = (
    ("2000", "Antwerpen", "nl", "VLG"), ("9000", "Gent", "nl", "VLG"), ("8000", "Brugge", "nl", "VLG"),
    ("3000", "Leuven", "nl", "VLG"), ("3500", "Hasselt", "nl", "VLG"), ("4000", "Liège", "fr", "WAL"),
    ("5000", "Namur", "fr", "WAL"), ("6000", "Charleroi", "fr", "WAL"), ("7000", "Mons", "fr", "WAL"),
    ("1000", "Bruxelles", "fr", "BRU"),
)  # fmt: skip
TRADES = (
    "Bakkerij", "Garage", "Schildersbedrijf", "Installatietechniek", "Groothandel", "Brasserie", "Transport",
    "Hoveniersbedrijf", "Drukkerij", "Timmerwerken", "Studio", "Apotheek", "Fietsenhandel", "Kwekerij",
    "Metaalbewerking", "Interieurbouw", "Cateraar", "Aannemersbedrijf",
)  # fmt: skip
COMPANY_FORMS_NL = ("B.V.", "BV", "V.O.F.", "N.V.", "B.V. i.o.")
COMPANY_FORMS_BE = ("BV", "NV", "SRL", "SA", "CommV")
