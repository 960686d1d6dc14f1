//! What the shop's shelves are called: a hundred categories with their goods and price ranges, and words to name products.
//! All of it is made up here; a plan may bring other shelves, and how products are built from them is `catalogue`.

/// A category: its goods and what they cost in whole dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    /// The name in events.
    pub name: &'static str,
    pub(crate) dollars_min: u32,
    pub(crate) dollars_max: u32,
    pub(crate) goods: &'static [&'static str],
    /// How much it is wanted against the others, in thousandths; none gives it its place in Zipf's law.
    pub(crate) weight: Option<u32>,
    /// Hundredths by which demand grows for each percent of price, so negative; 0 lets demand ignore prices.
    pub(crate) elasticity_hundredths: i32,
}

/// The shelves of a shop, the most wanted first. They live as long as the process: a plan is read once.
pub type Shelves = &'static [Category];

const fn category(
    name: &'static str,
    dollars_min: u32,
    dollars_max: u32,
    goods: &'static [&'static str],
) -> Category {
    Category {
        name,
        dollars_min,
        dollars_max,
        goods,
        weight: None,
        elasticity_hundredths: 0,
    }
}

/// The most wanted first; a shop with fewer categories takes the first ones. No two share a kind of goods,
/// so that a product's name is its own: some dialects have no better key.
#[rustfmt::skip]
pub static CATEGORIES: [Category; 100] = [
    category("Electronics", 15, 900, &["Bluetooth Speaker", "Power Bank", "Smart Plug", "Tablet", "E-Reader"]),
    category("Clothing", 12, 180, &["T-Shirt", "Hoodie", "Chinos", "Shirt", "Cardigan"]),
    category("Home", 8, 220, &["Throw Blanket", "Scented Candle", "Wall Clock", "Cushion", "Vase"]),
    category("Books", 6, 60, &["Crime Novel", "Cookbook", "Travel Guide", "Biography", "Picture Book"]),
    category("Beauty", 5, 95, &["Face Cream", "Lip Balm", "Body Lotion", "Shampoo", "Perfume"]),
    category("Sports", 9, 350, &["Yoga Mat", "Dumbbell Set", "Football", "Skipping Rope", "Resistance Band"]),
    category("Toys", 7, 120, &["Building Bricks", "Plush Bear", "Toy Train", "Puzzle", "Marble Run"]),
    category("Kitchen", 6, 260, &["Chef Knife", "Frying Pan", "Coffee Grinder", "Mixing Bowl", "Baking Tin"]),
    category("Shoes", 25, 240, &["Sneakers", "Ankle Boots", "Sandals", "Loafers", "Slippers"]),
    category("Garden", 5, 400, &["Watering Can", "Planter", "Secateurs", "Garden Hose", "Bird Feeder"]),
    category("Groceries", 2, 40, &["Olive Oil", "Espresso Beans", "Green Tea", "Dark Chocolate", "Granola"]),
    category("Furniture", 40, 1_800, &["Armchair", "Bookcase", "Dining Table", "Sideboard", "Bed Frame"]),
    category("Health", 5, 130, &["Vitamin C", "Massage Ball", "Thermometer", "First Aid Kit", "Heat Pad"]),
    category("Pets", 4, 150, &["Cat Tree", "Dog Bed", "Chew Toy", "Aquarium Light", "Pet Carrier"]),
    category("Office", 3, 320, &["Fountain Pen", "Notebook", "Desk Organiser", "Paper Shredder", "Whiteboard"]),
    category("Jewellery", 18, 950, &["Necklace", "Silver Ring", "Bracelet", "Stud Earrings", "Brooch"]),
    category("Baby", 6, 420, &["Baby Monitor", "Sleeping Bag", "High Chair", "Bib Set", "Pacifier"]),
    category("Music", 8, 1_200, &["Ukulele", "Digital Piano", "Drum Pad", "Guitar Strings", "Metronome"]),
    category("Automotive", 6, 280, &["Dash Camera", "Seat Cover", "Tyre Inflator", "Floor Mats", "Jump Starter"]),
    category("Travel", 9, 330, &["Suitcase", "Neck Pillow", "Packing Cubes", "Travel Adapter", "Luggage Scale"]),
    category("Laptops", 380, 2_600, &["Ultrabook", "Gaming Laptop", "Convertible", "Workstation", "Student Laptop"]),
    category("Phones", 120, 1_400, &["Smartphone", "Foldable Phone", "Senior Phone", "Rugged Phone", "Satellite Phone"]),
    category("Headphones", 15, 450, &["Earbuds", "Studio Headphones", "Sports Earphones", "Headset", "Sleep Buds"]),
    category("Cameras", 90, 2_400, &["System Camera", "Action Camera", "Instant Camera", "Zoom Lens", "Tripod"]),
    category("Televisions", 180, 2_900, &["OLED Television", "Projector", "Soundbar", "Streaming Stick", "Wall Mount"]),
    category("Gaming", 12, 620, &["Game Controller", "Racing Wheel", "Board Game", "Card Game", "Handheld Console"]),
    category("Smart Home", 14, 380, &["Smart Bulb", "Door Sensor", "Video Doorbell", "Thermostat", "Robot Vacuum"]),
    category("Lighting", 9, 340, &["Floor Lamp", "Desk Lamp", "Pendant Light", "String Lights", "Night Light"]),
    category("Bedding", 14, 260, &["Duvet", "Pillow", "Bed Linen", "Mattress Topper", "Fitted Sheet"]),
    category("Bath", 5, 120, &["Bath Towel", "Shower Curtain", "Bath Mat", "Soap Dish", "Bathrobe"]),
    category("Outdoor", 12, 540, &["Tent", "Trekking Poles", "Camping Stove", "Hammock", "Head Torch"]),
    category("Cycling", 8, 1_900, &["City Bike", "Bike Helmet", "Bike Lock", "Pannier", "Floor Pump"]),
    category("Running", 10, 220, &["Running Shoes", "Running Belt", "Trail Shoes", "Running Vest", "Sports Watch"]),
    category("Swimming", 6, 130, &["Swim Goggles", "Swimsuit", "Swim Cap", "Kickboard", "Swim Fins"]),
    category("Winter Sports", 18, 780, &["Ski Jacket", "Snow Goggles", "Snowboard", "Ski Gloves", "Sledge"]),
    category("Tennis", 8, 290, &["Tennis Racket", "Tennis Balls", "Racket Bag", "Grip Tape", "Tennis Skirt"]),
    category("Golf", 9, 880, &["Golf Driver", "Golf Balls", "Putter", "Golf Glove", "Golf Trolley"]),
    category("Fishing", 5, 360, &["Fishing Rod", "Fishing Reel", "Tackle Box", "Landing Net", "Lure Set"]),
    category("Watches", 35, 1_600, &["Wristwatch", "Chronograph", "Dive Watch", "Pocket Watch", "Watch Strap"]),
    category("Bags", 18, 420, &["Backpack", "Tote Bag", "Messenger Bag", "Handbag", "Wallet"]),
    category("Hats", 9, 110, &["Beanie", "Baseball Cap", "Sun Hat", "Beret", "Bucket Hat"]),
    category("Outerwear", 45, 620, &["Rain Jacket", "Wool Coat", "Down Parka", "Trench Coat", "Bomber Jacket"]),
    category("Knitwear", 22, 230, &["Pullover", "Turtleneck", "Knit Vest", "Poncho", "Scarf"]),
    category("Denim", 28, 190, &["Slim Jeans", "Straight Jeans", "Denim Jacket", "Denim Skirt", "Dungarees"]),
    category("Dresses", 24, 310, &["Summer Dress", "Evening Gown", "Wrap Dress", "Shirt Dress", "Pinafore"]),
    category("Underwear", 6, 80, &["Boxer Shorts", "Sports Bra", "Socks", "Tights", "Pyjamas"]),
    category("Kids Fashion", 7, 95, &["Romper", "Kids Raincoat", "School Shirt", "Leggings", "Snowsuit"]),
    category("Eyewear", 15, 340, &["Sunglasses", "Reading Glasses", "Glasses Case", "Lens Cloth", "Blue Light Glasses"]),
    category("Make-up", 4, 75, &["Lipstick", "Mascara", "Foundation", "Nail Polish", "Eyeshadow Palette"]),
    category("Hair Care", 5, 240, &["Hair Dryer", "Hair Brush", "Conditioner", "Hair Mask", "Curling Iron"]),
    category("Shaving", 4, 210, &["Safety Razor", "Shaving Brush", "Beard Trimmer", "Aftershave", "Shaving Soap"]),
    category("Dental Care", 3, 160, &["Electric Toothbrush", "Toothpaste", "Dental Floss", "Water Flosser", "Mouthwash"]),
    category("Fitness", 14, 1_500, &["Exercise Bike", "Rowing Machine", "Kettlebell", "Pull-Up Bar", "Foam Roller"]),
    category("Nutrition", 8, 90, &["Protein Powder", "Energy Bar", "Creatine", "Electrolyte Mix", "Omega Capsules"]),
    category("Coffee", 5, 900, &["Espresso Machine", "Moka Pot", "Milk Frother", "Pour-Over Set", "Coffee Mug"]),
    category("Tea", 4, 120, &["Teapot", "Oolong Tea", "Tea Infuser", "Electric Kettle", "Herbal Tea"]),
    category("Wine", 7, 180, &["Red Wine", "White Wine", "Wine Glass Set", "Decanter", "Corkscrew"]),
    category("Sweets", 2, 45, &["Gummy Bears", "Liquorice", "Caramels", "Truffle Box", "Nougat"]),
    category("Cookware", 12, 380, &["Cast Iron Pot", "Saucepan", "Wok", "Pressure Cooker", "Roasting Tray"]),
    category("Tableware", 6, 240, &["Dinner Plates", "Cutlery Set", "Serving Platter", "Carafe", "Table Runner"]),
    category("Appliances", 35, 1_300, &["Blender", "Toaster", "Microwave", "Stand Mixer", "Air Fryer"]),
    category("Cleaning", 3, 320, &["Vacuum Cleaner", "Mop Set", "Dish Soap", "Laundry Basket", "Steam Cleaner"]),
    category("Storage", 5, 190, &["Storage Box", "Shoe Rack", "Coat Hanger Set", "Wardrobe Organiser", "Shelf Basket"]),
    category("Rugs", 25, 850, &["Wool Rug", "Runner Rug", "Doormat", "Outdoor Rug", "Sheepskin"]),
    category("Curtains", 15, 210, &["Blackout Curtain", "Net Curtain", "Roller Blind", "Curtain Rod", "Tieback Set"]),
    category("Wall Art", 9, 380, &["Canvas Print", "Poster", "Picture Frame", "Wall Mirror", "Wall Decal"]),
    category("Plants", 6, 160, &["Monstera", "Snake Plant", "Cactus Trio", "Bonsai", "Potting Soil"]),
    category("Seeds", 2, 30, &["Tomato Seeds", "Wildflower Seeds", "Basil Seeds", "Lawn Seed", "Sunflower Seeds"]),
    category("Barbecue", 9, 980, &["Charcoal Grill", "Gas Grill", "Grill Tongs", "Smoker", "Grill Cover"]),
    category("Patio", 24, 1_400, &["Garden Chair", "Parasol", "Patio Heater", "Sun Lounger", "Garden Bench"]),
    category("Tools", 5, 420, &["Cordless Drill", "Screwdriver Set", "Hammer", "Spirit Level", "Jigsaw"]),
    category("Hardware", 2, 90, &["Wood Screws", "Door Handle", "Padlock", "Hinge Set", "Cable Ties"]),
    category("Paint", 6, 140, &["Wall Paint", "Paint Roller", "Wood Varnish", "Masking Tape", "Spray Paint"]),
    category("Electrical", 4, 110, &["Extension Lead", "Light Switch", "Wall Socket", "Cable Drum", "Batteries"]),
    category("Plumbing", 5, 330, &["Mixer Tap", "Shower Head", "Sink Strainer", "Pipe Wrench", "Drain Rod"]),
    category("Safety", 6, 260, &["Smoke Alarm", "Fire Extinguisher", "Safe Box", "Work Gloves", "Safety Goggles"]),
    category("Computers", 240, 2_800, &["Desktop Computer", "Mini Computer", "All-in-One Computer", "Home Server", "Barebone"]),
    category("Monitors", 95, 1_300, &["Office Monitor", "Curved Monitor", "Portable Monitor", "Monitor Arm", "Privacy Filter"]),
    category("Keyboards", 14, 260, &["Mechanical Keyboard", "Wireless Keyboard", "Numeric Keypad", "Wrist Rest", "Keycap Set"]),
    category("Mice", 9, 150, &["Wireless Mouse", "Trackball", "Gaming Mouse", "Mouse Mat", "Presenter"]),
    category("Printers", 55, 720, &["Laser Printer", "Inkjet Printer", "Photo Printer", "Ink Cartridge", "Label Printer"]),
    category("Networking", 12, 480, &["Router", "Mesh Node", "Network Switch", "Patch Cable", "Wireless Bridge"]),
    category("Drives", 18, 560, &["External Drive", "Memory Card", "Flash Drive", "Drive Enclosure", "Network Storage"]),
    category("Cables", 4, 70, &["Charging Cable", "Display Cable", "Audio Cable", "Cable Sleeve", "Docking Station"]),
    category("Components", 25, 1_700, &["Graphics Card", "Mainboard", "Power Supply", "Processor Cooler", "Computer Case"]),
    category("Drones", 60, 1_800, &["Camera Drone", "Mini Drone", "Drone Battery", "Landing Pad", "Propeller Set"]),
    category("Wearables", 25, 520, &["Fitness Tracker", "Smart Ring", "Smartwatch", "Heart Rate Strap", "Step Counter"]),
    category("Vinyl", 14, 480, &["Jazz Record", "Rock Record", "Turntable", "Record Sleeves", "Record Brush"]),
    category("Films", 6, 90, &["Drama Collection", "Comedy Box Set", "Nature Documentary", "Thriller Trilogy", "Animation Classics"]),
    category("Comics", 5, 70, &["Graphic Novel", "Manga Volume", "Comic Omnibus", "Cartoon Annual", "Comic Art Book"]),
    category("Stationery", 2, 60, &["Gel Pens", "Sticky Notes", "Greeting Cards", "Envelopes", "Wall Planner"]),
    category("Art Supplies", 4, 180, &["Acrylic Paints", "Sketchbook", "Brush Set", "Easel", "Coloured Pencils"]),
    category("Crafts", 3, 140, &["Knitting Yarn", "Crochet Hooks", "Bead Box", "Felt Sheets", "Glue Gun"]),
    category("Sewing", 5, 620, &["Sewing Machine", "Thread Set", "Fabric Scissors", "Cotton Fabric", "Pin Cushion"]),
    category("Party", 3, 85, &["Balloon Set", "Paper Lanterns", "Confetti", "Party Plates", "Photo Booth Props"]),
    category("Model Building", 9, 340, &["Model Railway", "Model Ship", "Scale Car", "Model Plane", "Modelling Glue"]),
    category("Science", 14, 460, &["Microscope", "Telescope", "Chemistry Set", "Crystal Kit", "Globe"]),
    category("Horse Riding", 12, 640, &["Riding Helmet", "Riding Boots", "Saddle Pad", "Grooming Kit", "Lead Rope"]),
    category("Climbing", 9, 290, &["Climbing Shoes", "Chalk Bag", "Climbing Rope", "Carabiner Set", "Climbing Harness"]),
    category("Sailing", 14, 720, &["Life Jacket", "Sailing Gloves", "Dry Bag", "Anchor", "Deck Shoes"]),
];

pub(crate) const MAKES: [&str; 24] = [
    "Compact",
    "Classic",
    "Nordic",
    "Everyday",
    "Premium",
    "Vintage",
    "Essential",
    "Modern",
    "Deluxe",
    "Light",
    "Sturdy",
    "Urban",
    "Alpine",
    "Coastal",
    "Studio",
    "Heritage",
    "Pure",
    "Travel",
    "Family",
    "Signature",
    "Basic",
    "Pro",
    "Organic",
    "Limited",
];

pub(crate) const COLOURS: [&str; 8] = [
    "Graphite", "Ivory", "Forest", "Navy", "Copper", "Sand", "Berry", "Slate",
];

pub(crate) const BRANDS: [&str; 32] = [
    "Aldermark",
    "Brunavik",
    "Calderon & Lott",
    "Dunmere",
    "Elmora",
    "Fennick",
    "Grauwald",
    "Halvora",
    "Isenbrook",
    "Jorvane",
    "Kestrelle",
    "Lumivar",
    "Maroque",
    "Nordhaven",
    "Ostrava Works",
    "Pellinor",
    "Quillon",
    "Ravensholt",
    "Solvanne",
    "Tarnwell",
    "Umbria Lane",
    "Velmora",
    "Wexcombe",
    "Xandrel",
    "Yarrowby",
    "Zephyrine",
    "Ashgrove",
    "Birkenfels",
    "Corvane",
    "Driftmoor",
    "Eiderly",
    "Fjordline",
];

/// What visitors ask for in vain.
pub(crate) const MISSING_GOODS: [&str; 8] = [
    "gift voucher holder",
    "spare charger 9v",
    "left handed scissors",
    "xl paper globe",
    "solar kettle",
    "replacement hinge 40mm",
    "folding piano",
    "waterproof atlas",
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_categories_share_a_name_or_a_kind_of_goods() {
        let names: HashSet<&str> = CATEGORIES.iter().map(|category| category.name).collect();
        let goods: HashSet<&str> = CATEGORIES
            .iter()
            .flat_map(|category| category.goods.iter().copied())
            .collect();
        assert_eq!((names.len(), goods.len()), (100, 500));
    }

    #[test]
    fn no_word_needs_an_escape_in_json() {
        let categories = CATEGORIES
            .iter()
            .flat_map(|category| category.goods.iter().copied().chain([category.name]));
        let words = categories
            .chain(MAKES)
            .chain(COLOURS)
            .chain(BRANDS)
            .chain(MISSING_GOODS);
        assert_eq!(words.filter(|word| word.contains(['"', '\\'])).count(), 0);
    }
}
