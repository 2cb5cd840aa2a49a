"""Messages as people write them of a death, an insolvency or a guardian, and others that only sound alike.

Written for these tests, after how heirs, administrators, notaries and neighbours write; nobody in them is.
"""

# ruff: noqa: E501 - a message is one line

DEATH = """
Mijn vader is overleden.
Geachte heer, mevrouw, mijn man is op 3 november jl. overleden. Wat moet ik met deze rekening?
Hierbij laat ik u weten dat mevrouw De Vries op 12 oktober is overleden. Bijgaand de overlijdensakte.
jullie sturen steeds mails naar mijn moeder maar die is dood
Ons pa is vorige week gestorven, gelieve ons even met rust te laten.
mijn oom is 2 weken geleden komen te overlijden
Als notaris behandel ik de nalatenschap van de heer Peeters. Gelieve uw vordering aan ons kantoor te richten.
Ik heb de nalatenschap van mijn broer verworpen, dus ik betaal niets.
Wij, de erfgenamen van wijlen Jan Smit, hebben de erfenis nog niet aanvaard.
hij leeft niet meer, hij is dood sinds maart
De heer Janssens is helaas niet meer onder ons.
Ik ben executeur in de nalatenschap van mw. Bakker.
Mevrouw is niet meer in leven. Kunt u de correspondentie stoppen?
Betreft: overlijden van uw klant dhr. Mulder. Graag ontvang ik een opgave van de openstaande schuld.
Ik ben de weduwe van Piet en ik weet niets van deze factuur
Bij deze een kopie van het overlijdensbericht van onze zoon.
De persoon die u zoekt is reeds overleden, ik ben zijn dochter
Mon mari est décédé.
Bonjour, mon père est mort le 4 octobre et je ne sais pas quoi faire de cette facture.
Nous vous informons du décès de Madame Dubois, survenu le 2 novembre 2026. Veuillez trouver l'acte de décès en annexe.
ma mère est decedee la semaine passée svp arrêtez les sms
Maître Lambert, notaire à Namur, chargé de la succession de Monsieur Renard, vous prie de déclarer votre créance.
J'ai renoncé à la succession de mon frère devant notaire.
Feu mon mari avait un abonnement chez vous.
Il est mort il y a trois mois, cessez de lui écrire.
Ma femme nous a quittés au mois de juin après une longue maladie.
En tant qu'héritiers nous n'avons pas encore accepté la succession.
Le défunt n'avait aucun bien.
Suite au décès de mon papa je m'occupe de ses papiers
Monsieur Petit n'est plus de ce monde depuis le 15 août.
je suis sa veuve, je n'ai pas d'argent pour payer cela
Votre client est décédé, voir certificat de décès ci-joint.
Les obsèques de mon frère ont eu lieu hier, laissez-nous tranquilles.
My father has passed away.
Please note that Mr Jones died on 3 October. I am his daughter.
my husband died last month and i cant deal with this now
I enclose a copy of the death certificate of Mrs Brown.
We act for the estate of the late Mr Smith. Kindly send a statement of the debt.
I am the executor of her will and probate has not been granted yet.
The person you are writing to is deceased.
He is dead, stop texting his phone
My late wife dealt with all the bills
mum passed away on sunday
Unfortunately our mother is no longer with us.
I lost my husband in March and found your letter among his papers
Following the death of my brother I am sorting out his affairs.
She died peacefully in hospital two weeks ago.
I am her widower and this account was in her name
Notification of bereavement: account holder Mr Patel
Mein Vater ist verstorben.
Guten Tag, mein Mann ist am 5. Oktober gestorben. Bitte schreiben Sie ihm nicht mehr.
Anbei die Sterbeurkunde von Frau Müller.
Herr Schmidt ist leider tot, ich bin seine Nachbarin
Ich habe die Erbschaft ausgeschlagen und zahle nichts.
Als Nachlasspfleger für den verstorbenen Herrn Krause bitte ich um Forderungsaufstellung.
Nach dem Tod meiner Mutter kümmere ich mich um die Post
wir sind die Erben, es gibt aber kein Geld
Meine Oma verstarb letzte Woche im Krankenhaus
Es liegt ein Todesfall in der Familie vor, der Schuldner ist mein Bruder gewesen
Das Nachlassgericht hat noch keinen Erbschein erteilt.
Ich bin die Witwe von Karl Weber
mein sohn ist tot lasst mich in ruhe
Das Ableben meines Onkels hat uns alle getroffen, bitte um Geduld.
Die Beerdigung meines Mannes war gestern.
Beste, ik schrijf namens mijn moeder. Zij verloor op 1 november haar man, op wiens naam deze factuur staat. Hij is thuis ingeslapen.
vader is dood. wat nu
Onze broer heeft zich van het leven beroofd, hij overleed op 3 juni.
Peter is er niet meer, hij stierf in september aan kanker
Ik moet u helaas melden dat cliënt vorige maand overleden is.
Mijn ex is gestorven en de kinderen hebben verworpen
Zij is op 89-jarige leeftijd van ons heengegaan.
ma maman est partie le 8 octobre, elle était malade depuis longtemps, elle est décédée à la maison
Je vous informe que le titulaire du contrat est décédé.
Mon frère s'est éteint en juillet
Mon papa est mort
Nous sommes en deuil, mon mari a perdu la vie dans un accident
notaire Jacobs: succession de feu M. Lemaire, merci de nous communiquer le solde
I'm sorry to tell you that Dave died.
My nan died and i found this bill
We regret to inform you of the passing of Mr White
he's dead you idiots
Account holder died 12/9. Please close the account.
Mein Bruder lebt nicht mehr
Frau Berger ist im Mai verstorben, ich bin ihre Tochter
mein mann starb vor zwei wochen
Wir trauern um unseren Vater, der am 3.10. verstorben ist
Der Kontoinhaber ist tot.
Goedendag, ik ben de buurvrouw. Meneer Hendriks van nr 12 is vorige maand overleden, u hoeft niet meer te schrijven
Onze oma is er niet meer sinds augustus.
In verband met het overlijden van mijn echtgenote verzoek ik om uitstel
graag stoppen, die man ligt al een jaar op het kerkhof
Zoals telefonisch gemeld is uw debiteur gestorven
Wij hebben moeder begraven op 4 november
De erven De Graaf, per adres notariskantoor Bolt
Mon compagnon vient de mourir, je ne sais pas payer
Mme Girard est décédée à l'hôpital en septembre dernier, je suis sa fille
L'étude du notaire Claes traite le dossier de succession de la défunte
ma grand mère est morte
Votre débiteur n'est plus en vie
Dad died and left nothing
Please be advised that our client's mother is deceased and the estate is insolvent
his widow here, leave me alone
My brother was killed in a car accident in May
We are the solicitors dealing with probate of the late Anne Hill
Unser Vater ist von uns gegangen
Der Schuldner ist am 02.09.2026 verstorben. Erben sind nicht bekannt.
Ich bin der Sohn, Papa ist tot
Mein Mann hat sich das Leben genommen
wir haben das Erbe ausgeschlagen
Geachte, uw brief was gericht aan mijn schoonmoeder; zij overleed op 2 mei 2026.
Hallo, papa is 3 weken geleden gestorven en ik ben de enige erfgenaam
Uw klant is niet meer in leven
Mijn vrouw is plotseling overleden, kan dit later
ik bel namens de familie, Karel is dood
wij accepteren de nalatenschap beneficiair
Ik vind dit pijnlijk, mijn zoon is in juli overleden en krijgt nog steeds post
Bonjour, mon époux est décédé en avril, comment dois-je faire ?
Veuillez noter le décès de notre client M. André
Ma mère est morte cet été
Nous, les héritiers, refusons la succession
mon fils est décédé d'un cancer
Le débiteur est mort il y a deux ans
Dear sirs, my wife died in April.
this man is dead
Mrs Ford passed away and I handle her estate
My dad has died, please stop the letters
We confirm that the debtor is deceased
Meine Frau ist im März gestorben
der mann ist gestorben
Frau Koch ist tot seit Januar
Als Erbe meines Vaters habe ich ausgeschlagen
Wir haben einen Todesfall zu beklagen
"""

INSOLVENCY = """
Ik ben failliet verklaard door de rechtbank Amsterdam.
Bij vonnis van 3 november 2026 is de besloten vennootschap Jansen Bouw B.V. in staat van faillissement verklaard met aanstelling van mij als curator.
Gelieve uw vordering in te dienen bij de curator.
Ik zit in de WSNP sinds mei.
Cliënt is toegelaten tot de wettelijke schuldsaneringsregeling natuurlijke personen.
De rechtbank heeft op 1 oktober de schuldsaneringsregeling van toepassing verklaard op mevrouw De Wit.
Ons bedrijf is failliet, u kunt zich melden bij mr. Vermeer.
Bij beschikking van de arbeidsrechtbank Gent werd de vordering tot collectieve schuldenregeling toelaatbaar verklaard.
Ik zit in collectieve schuldenregeling, mijn bemiddelaar is meester Claes
Aan BV Test is voorlopige surseance van betaling verleend.
De onderneming geniet bescherming onder gerechtelijke reorganisatie.
U dient aangifte van schuldvordering te doen via RegSol.
De rechter-commissaris heeft de verificatievergadering bepaald op 4 december.
mijn zaak is failliet gegaan in augustus
De vennootschap is ontbonden, ik ben aangesteld als vereffenaar.
J'ai été déclaré en faillite par le tribunal de l'entreprise.
Par jugement du 12 octobre, la société Dupont SRL a été déclarée en faillite. Je suis désigné comme curateur.
Veuillez déclarer votre créance auprès du curateur dans les 30 jours.
Je suis en règlement collectif de dettes depuis mars.
Le tribunal du travail de Liège a rendu une ordonnance d'admissibilité le 5 novembre 2026 en faveur de Madame Noël.
mon entreprise est en faillite
La société est en réorganisation judiciaire jusqu'au 1er mars.
Une procédure de liquidation judiciaire a été ouverte à l'encontre de notre cliente.
Mon dossier est à la Banque de France pour surendettement
La déclaration de créance doit être introduite sur RegSol.
La commission de surendettement a déclaré mon dossier recevable.
Le failli ne peut plus payer ses créanciers, adressez-vous à Me Martin, curatrice.
suite à la faillite de ma société je ne peux rien payer
redressement judiciaire ouvert le 3 septembre
Je vous écris en ma qualité de liquidateur judiciaire de la SARL Petit.
Notre cliente a été admise à la procédure de règlement collectif de dettes.
I have been declared bankrupt.
A bankruptcy order was made against Mr Lee on 4 November.
I am in an IVA with PayPlan, please contact them
We have been appointed joint administrators of Acme Ltd. The company is in administration.
The company went into liquidation last week
As liquidator I invite you to submit a proof of debt.
i got a debt relief order in june
The Official Receiver has been notified of your claim.
My insolvency practitioner told me to send you this letter.
I went bankrupt in March and your debt is included
Our firm has gone into receivership.
I am the trustee in bankruptcy of Mrs Khan.
I filed for bankruptcy, the case number is 1234
My individual voluntary arrangement was approved by creditors.
The debtor's estate is subject to insolvency proceedings.
Sequestration was awarded on 2 October
Ich bin in der Privatinsolvenz.
Über das Vermögen der Muster GmbH wurde am 1. Oktober das Insolvenzverfahren eröffnet.
Als Insolvenzverwalter fordere ich Sie auf, Ihre Forderung zur Tabelle anzumelden.
Ich habe Verbraucherinsolvenz angemeldet
Ich befinde mich in der Wohlverhaltensphase, Ihre Forderung fällt darunter.
Mir wurde die Restschuldbefreiung erteilt
Das Amtsgericht hat das Verbraucherinsolvenzverfahren eröffnet, Aktenzeichen 12 IK 34/26.
Meine Firma ist insolvent.
Bitte wenden Sie sich an den Insolvenzverwalter Dr. Klein.
Wir haben Insolvenz angemeldet und können nichts zahlen
Die Gläubigerversammlung findet am 3. März statt.
Ich bin seit Mai in Regelinsolvenz
Der Treuhänder in meinem Insolvenzverfahren heißt Herr Braun
über mein Vermögen läuft ein Insolvenzverfahren
meine Insolvenz ist noch nicht abgeschlossen, es ist die Privatinsolvenz von 2024
Gelieve nota te nemen van het faillissement van onze cliënte, uitgesproken op 2 november.
ik zit in de schuldsanering bij de rechtbank
Wij hebben faillissement aangevraagd
De zaak van mijn man is over de kop, curator is mr. De Boer
Als schuldbemiddelaar in de collectieve schuldenregeling van Mevr. Maes verzoek ik u uw schuldvordering in te dienen
Faillissement BV Kaas: verificatie
Je suis failli depuis le mois de mai
Nous avons fait aveu de faillite le 2 novembre
je suis en RCD
Le curateur s'appelle Maître Noir
La SPRL est en liquidation
We went bust and the liquidators are ABC LLP
I'm bankrupt
I have entered into an individual voluntary arrangement
Company in compulsory liquidation
bankruptcy trustee: Mr Green
Ich habe Privatinsolvenz
Firma ist pleite, Insolvenzantrag ist gestellt
Das Verfahren läuft beim Insolvenzgericht Köln
Mein Insolvenzverwalter meldet sich
mijn bedrijf is vorig jaar failliet gegaan, er is niets meer
De rechtbank Rotterdam heeft gisteren het faillissement uitgesproken van Bakkerij Zon
sinds 1 mei zit ik in wettelijke schuldsanering
U wordt verzocht uw vordering ter verificatie bij mij in te dienen, de curator
Er is een akkoord in het kader van de gerechtelijke reorganisatie neergelegd
ik heb zelf mijn faillissement aangevraagd
ik zit in een collectieve schuldenregeling bij mr Peeters
ma boîte a fait faillite en avril
Le tribunal a prononcé la faillite de notre cliente
je suis admise au règlement collectif de dettes, voyez mon médiateur
La société est dissoute et en liquidation
procédure de réorganisation judiciaire PRJ ouverte
I was made bankrupt on 3 May
Our company has ceased trading and is in liquidation
I have an IVA. Speak to StepChange
Notice of appointment of liquidator
bankruptcy proceedings have started in Ireland
Ich habe im März Insolvenz angemeldet
Die GmbH befindet sich im Insolvenzverfahren
Mein Verbraucherinsolvenzverfahren läuft seit 2025
wij zijn failliet
Mijn vennootschap werd failliet verklaard door de ondernemingsrechtbank Antwerpen
WSNP-bewindvoerder: uw vordering is opgenomen
ik ben toegelaten tot de schuldsanering
Verzoek tot indiening schuldvordering in faillissement NV Delta
je suis en faillite personnelle
faillite prononcée le 1er juin
dossier en règlement collectif de dettes au tribunal du travail
I am bankrupt since May
The company is in liquidation
I entered an IVA last year
We are insolvent and administrators have been appointed
Insolvenzverwalterin ist Frau Dr. Graf
ich bin privatinsolvent
Insolvenzeröffnung am 2.2.2026
"""

GUARDIANSHIP = """
Ik sta onder bewind.
Mijn bewindvoerder regelt alles, ik mag zelf niets betalen.
Hierbij deel ik u mede dat de kantonrechter mij heeft benoemd tot bewindvoerder over de goederen van de heer A. Visser.
De goederen van mevrouw Bos zijn onder beschermingsbewind gesteld. Bijgaand de beschikking.
mijn zus staat onder curatele
Namens cliënt verzoek ik u alle post naar ons bewindvoeringskantoor te sturen.
De vrederechter heeft mij aangesteld als bewindvoerder van mijn moeder.
Ik ben bewindvoerster van Jan, stuur de rekening naar mij
Onderbewindstelling wegens problematische schulden, zie het Centraal Curatele- en bewindregister.
Mijn zoon staat onder mentorschap en bewind, hij kan geen overeenkomst sluiten
U schreef aan onze cliënte, een beschermde persoon in de zin van artikel 492/1 BW.
schuldenbewind uitgesproken op 3 mei
Als curator over mijn gehandicapte broer (curatele) deel ik mee dat hij niet bevoegd was.
sta onder bewindvoering bij Zeker Bewind BV
Deze meneer heeft een bewindvoeder die zijn geld beheert
Bewindvoerder hier: graag een specificatie van de vordering, cliënt heeft leefgeld van 50 euro
Je suis sous administration provisoire.
Je suis l'administrateur de biens de Madame Collin, désigné par le juge de paix de Namur.
Mon administrateur s'appelle Maître Simon, administrateur provisoire à Liège
Monsieur Roux est sous curatelle depuis 2024.
Ma soeur est placée sous tutelle, elle ne peut pas signer de contrat.
Par ordonnance du juge de paix, cette personne protégée ne peut plus payer elle-même.
Je vous prie d'adresser vos courriers au mandataire judiciaire de mon fils.
c'est mon tuteur qui gère mon argent
En qualité d'administrateur des biens de Mr Blanc, je conteste cette dette.
Une mesure de protection judiciaire a été prononcée.
Le juge des tutelles m'a désignée pour représenter ma mère.
En tant qu'administratrice provisoire, je vous demande un décompte.
Mise sous administration de biens le 4 juin, voir copie de l'ordonnance
mon père a une habilitation familiale, je m'occupe de tout
je suis mis sous protection par le juge, écrivez à mon avocat
La curatelle renforcée de M. Henry est exercée par l'UDAF
I am under guardianship.
My administrator handles all of my money.
The court appointed me as deputy for my mother under the Court of Protection.
I hold a lasting power of attorney for my father.
he lacks mental capacity and cannot enter into contracts
I am the legal guardian of Mr Cole.
My guardian pays my bills, ask her
His court-appointed deputy will write to you.
Please send all letters to the court appointed administrator of my aunt.
A guardianship order was made in May.
Her conservatorship was registered last year
We manage his money under an enduring power of attorney.
i have an administrator over my money since january
As her financial deputy I dispute this invoice
My son lacks capacity so I deal with his post
The guardian of the debtor lives at the address below
I act as guardian for this lady, please find the order attached
the court made me his guardian
Ich stehe unter rechtlicher Betreuung.
Ich bin die gesetzliche Betreuerin von Herrn Lang.
Das Betreuungsgericht hat mich zum Betreuer bestellt.
Mein Betreuer kümmert sich um meine Finanzen
Anbei mein Betreuerausweis für Frau Sommer
Für meinen Bruder besteht ein Einwilligungsvorbehalt.
Als bestellter Betreuer bitte ich um eine Aufstellung.
Mein Vormund bezahlt alles
Meine Mutter steht unter gesetzlicher Betreuung, Verträge sind unwirksam
Ich habe eine Vorsorgevollmacht meines Vaters
Die Vermögenssorge wurde mir vom Gericht übertragen.
bitte nur noch an die Betreuerin schreiben
mein vermögensverwalter wurde vom gericht eingesetzt
Seine Betreuerin heißt Frau Kurz, Telefon folgt
Ik ben bewindvoerder van mevrouw Kok en ontvang graag alle stukken
mijn geld wordt beheerd door een bewindvoerder
Bewindvoeringskantoor Zuid: wij zijn met ingang van 1 mei benoemd
hij is handelingsonbekwaam en staat onder curatele
De kantonrechter heeft een bewind ingesteld over al zijn goederen
Uw klant is wilsonbekwaam, ik ben zijn mentor
Mijn voogd doet mijn geldzaken
Ik heb een volmacht, mijn vader is dement
J'ai un administrateur
Mon fils est handicapé, il est sous administration
Je suis la curatrice de ma tante (curatelle simple)
Le juge m'a nommé administrateur de mon frère
Ma tutrice recevra ce courrier
I'm his appointee and deputy
my mum has dementia and i have LPA power of attorney
His affairs are handled by his legal guardian
An administrator was appointed by the court over my assets
Meine Betreuerin macht das
Ich bin Betreuer von Frau Wolf
Beschluss des Betreuungsgerichts anbei
Wij zijn als bewindvoerders aangesteld over het vermogen van uw cliënt
mijn bewindvoerder heeft gezegd dat ik niks mag betalen
ik sta onder bewind bij stichting De Brug
Wilt u de post sturen naar mijn mentor en bewindvoerder
Ik ben de curator van mijn zus, zij staat onder curatele
Betrokkene is door de vrederechter onbekwaam verklaard
Rekening & verantwoording bewind dhr. X: vordering onbekend
je dépends d'un administrateur de biens
Madame est sous protection du juge de paix
Je suis la fille et tutrice de Monsieur Bernard
En ma qualité de curatrice de Mlle Faure je demande copie du contrat
mon administrateur provisoire est maître Denis
My finances are controlled by a court appointed guardian
I act under a registered power of attorney for Mrs Dean
She is a protected party; I am her deputy appointed by the Court of Protection
speak to my guardian please
Ich habe einen gesetzlichen Betreuer
Frau Horn steht unter Betreuung
Als Betreuerin von Herrn Falk widerspreche ich
Bitte Post nur noch an meine Betreuerin
Ik heb een bewindvoerder
Beschikking onderbewindstelling bijgevoegd
mijn dochter is haar bewindvoerder
Vanaf 1 januari ben ik curator van mijn zoon (onder curatele)
Bewind is uitgesproken door de kantonrechter
Mon fils a un administrateur de biens
je suis sous tutelle
Ordonnance du juge de paix désignant un administrateur
My sister is my guardian
We hold power of attorney
The court of protection made an order
Er hat einen Betreuer, ich bin es
Betreuerin: Frau Lenz
Ich werde gesetzlich betreut
sie hat eine rechtliche betreuung
"""

# What only sounds alike: none of the three may be proposed.
NONE_OF_THEM = """
Over mijn lijk dat ik dit betaal.
Daarvoor moeten jullie over mijn dood gaan
Dit gaat over mijn overlijdensverzekering, die heb ik opgezegd.
Ik heb nooit een overlijdensrisicoverzekering afgesloten.
Mijn hond is overleden en daarom heb ik de hondenschool opgezegd
Mijn laptop is dood, ik kan de mail niet lezen
De accu was na een week al dood
Ik ben bijna gestorven van het lachen
Ik schrok me dood van jullie brief
Ik ga failliet als ik dit moet betalen.
De webshop is failliet en heeft nooit geleverd
Zo gaan jullie zelf nog failliet
Ik heb geen bewindvoerder.
Ik ben niet failliet hoor, ik betaal morgen
Uitvaartverzekering premie is al betaald
Ik wil in termijnen betalen, 50 euro per maand
Ik heb vorige week al betaald, zie bijlage
Klopt niet, nooit besteld
De lijn is dood als ik jullie bel
Jullie zijn voor mij gestorven
Ik ben doodziek van dit gedoe
Het was een doodgewone factuur
Ik werk als verpleegkundige in het sterfhuis en lees mijn mail weinig
Kan ik het bewijs van levering krijgen?
De bestelling kwam van uw curatieve afdeling
Wij bewaren het bewijs goed
De sportschool is failliet gegaan dus ik betaal niet meer
Plutôt mourir que de payer cela
Je suis mort de rire avec votre facture
Mon assurance décès est déjà payée
La batterie est morte après deux jours
Mon chien est mort et j'ai annulé les cours
Votre lettre est restée lettre morte
Une succession de pannes, je veux être remboursé
Vous allez me mettre en faillite avec vos frais
Le magasin est en faillite et n'a jamais livré
Je vais finir en faillite si je paie
Je ne suis pas en faillite
Je veux payer en trois fois
J'ai déjà payé la facture la semaine passée
Le contrat capital décès a été résilié
Mon téléphone est mort, je n'ai pas pu répondre
Le professeur était notre tuteur de stage
L'administration communale m'a donné votre adresse
L'administrateur du site a bloqué mon compte
Il n'y a pas de curatelle chez nous
Over my dead body
My phone died so I missed your call
The battery is dead
I nearly died laughing
I cancelled my life insurance, it is not a death claim
My cat passed away so I stopped the pet plan
You will make me bankrupt with these fees
The shop is in administration and never delivered
I am not bankrupt, I will pay on Friday
I would rather go bankrupt than pay you
I read about you in The Guardian newspaper
The website administrator reset my password
The late payment was my bank's mistake
Your late reply is not acceptable
I am dead serious
The line went dead
Can I pay in instalments?
I paid this yesterday
My executive assistant will pay
Nur über meine Leiche
Ich wäre fast gestorben vor Lachen
Mein Akku ist tot
Meine Sterbegeldversicherung habe ich gekündigt
Mein Hund ist gestorben und ich habe gekündigt
Sie sind für mich gestorben
Kann ich einen Nachlass von 10 Prozent bekommen?
Der Händler ist insolvent und hat nie geliefert
Sie treiben mich noch in die Insolvenz
Ich bin nicht insolvent
Mein Kundenbetreuer bei Ihnen hieß Herr Maier
Die Kinderbetreuung kostet mich alles
Ich habe schon bezahlt
Kann ich in Raten zahlen?
Der Preisnachlass wurde nicht abgezogen
Die Leitung ist tot wenn ich anrufe
Ihre Kundenbetreuung war schlecht
Das Gerät war nach einer Woche tot
Mijn schoonvader in het ziekenhuis, ik betaal volgende week
Ik was bij een begrafenis en heb de brief te laat gelezen
De garantie is overleden zullen we maar zeggen
Dit abonnement was voor mijn overleden verwachtingen haha
Doodmoe word ik hiervan
Ik kom net terug van de uitvaart van een collega, ik bel morgen
Ik ga dood van de honger als ik dit betaal
Ik heb nooit gezegd dat ik failliet was
Is uw bedrijf failliet of zo? Niemand neemt op
Kunt u bewijzen dat de curator van de expo dit bestelde
Het bewind van deze directie is slecht
J'ai failli oublier cette facture
Il a failli me renverser votre livreur
Votre service est mort
Je meurs d'ennui avec vos courriers
Vous avez failli à vos obligations
Je suis tuteur d'un chat
Mon héritage ne vous regarde pas
My will is to pay next week
The deadline has died
Your estate agent sent this by mistake
I was late because of a funeral
Please provide proof of debt
I am the liquidator of nothing, I just never ordered it
Power of your argument is weak
The site admin locked me out
Ich sterbe vor Langeweile
Das Gerät ist nach zwei Tagen gestorben
Die Erben der Firma haben den Vertrag gekündigt
Betreuung der Kunden ist mangelhaft
Konkurrenz ist billiger
Geben Sie mir Nachlass
Mein Steuerberater ist im Urlaub
Ik lig in het ziekenhuis maar ik leef nog
De bezorger is bijna overreden
Mijn auto is dood gegaan onderweg
Ik erf volgende maand en dan betaal ik alles
Het was een levenslange garantie
Uw systeem ligt dood
Mijn vader betaalt dit volgende week
Ik heb een volmachtformulier nodig? Nee hoor ik betaal zelf
De notaris heeft de koop geregeld, ik betaal vrijdag
Mijn bewijs van betaling zit erbij
De curatoren van dit festival hebben besteld
J'hérite bientôt et je paierai tout
Mon père va payer
Le décodeur est mort
Je suis en vie et je conteste
Le notaire m'a demandé la facture
Votre société fera faillite si elle continue
Le tuteur de tomates n'a jamais été livré
My father will pay next week
The gym went bust and closed
I will die before I pay you
The treadmill died after a week
My solicitor will contact you
The garden guardian statue was broken on arrival
We are not in liquidation, just slow
My administrator at work forgot it
Mein Vater bezahlt nächste Woche
Der Fernseher ist tot
Ich erbe bald und zahle dann
Der Laden ist pleite
Die Betreuung durch Ihre Firma ist schlecht
Ich bin gestorben vor Scham
Der Notar hat die Rechnung
Dit product is over de datum
Ik ben zelf curator in een museum en betaal volgende week
Ons internet is dood
Ik heb de overlijdenspolis niet bij u
Ik ga dood aan die kosten
De verkoper is overleden volgens Google, wie heeft er dan geleverd?
Jullie maken mij failliet
Le lave-linge est mort
Assurance obsèques résiliée en mars
Je ne suis pas décédé, je paie vendredi
Je vais me retrouver en faillite
My washing machine died
I'd sooner die
Nobody died, relax, I will pay
Your administrator never called back
Mein Rechner ist gestorben
Ich bin noch nicht tot
Ich gehe bald in die Insolvenz wegen Ihnen
Der Betreuer vom Support war nett
"""

DEBT_HELP = """
Ik heb schuldhulp via de gemeente
Het OCMW helpt mij met mijn schulden
Mijn budgetcoach neemt contact op
Je suis en médiation de dettes
Le CPAS m'aide avec mon dossier
I am with a debt counsellor
Ich bin bei der Schuldnerberatung
Wij zijn het MSNP traject gestart met de kredietbank
"""


def messages(block: str) -> list[str]:
    """One message per line."""
    return [line for line in block.splitlines() if line.strip()]
